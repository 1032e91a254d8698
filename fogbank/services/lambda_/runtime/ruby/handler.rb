# frozen_string_literal: true

require "json"

module Fogbank
  # The handler `file.method`, or `file.Class.method` with a class or module that may have `::` in its name.
  class Handler
    def initialize(root, name)
      file, *inside, method = name.split(".")
      raise ArgumentError, "Invalid handler #{name}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD" \
        if method.nil? || inside.length > 1

      require File.expand_path(file, root)
      @method = find(inside.first, method)
    end

    # The answer as JSON.
    def call(event, context)
      JSON.generate(@method.call(event: event, context: context))
    end

    private

    def find(owner, name)
      return Object.const_get(owner).method(name) if owner

      Object.new.method(name)
    end
  end
end
