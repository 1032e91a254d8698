# frozen_string_literal: true

# The runtime of Ruby functions: takes one invocation after another from the Runtime API and gives it to the handler.
#
# main.rb      this loop
# api.rb       the Runtime API as its client sees it
# handler.rb   finds and calls the handler
# context.rb   what handlers are told about their invocation
# failures.rb  error documents
#
# https://docs.aws.amazon.com/lambda/latest/dg/ruby-handler.html

require "json"
require_relative "api"
require_relative "context"
require_relative "failures"
require_relative "handler"

module Fogbank
  # What `Kernel#exit` raises ends the process, as anywhere.
  def self.run(name)
    $stdout.sync = $stderr.sync = true
    api = Api.new(ENV.fetch("AWS_LAMBDA_RUNTIME_API"))
    handler = load(api, name)
    loop { handle(api, handler, *api.next) }
  end

  def self.load(api, name)
    Handler.new(ENV.fetch("LAMBDA_TASK_ROOT"), name)
  rescue ScriptError, StandardError => e
    failure = Failures.of("Init", e)
    log("Init error when loading handler #{name}", failure)
    api.fail_init(failure)
    exit(1)
  end

  def self.handle(api, handler, headers, body)
    id = headers["lambda-runtime-aws-request-id"]
    ENV["_X_AMZN_TRACE_ID"] = headers["lambda-runtime-trace-id"]
    api.respond(id, handler.call(JSON.parse(body), Context.new(headers)))
  rescue ScriptError, StandardError, SystemStackError, NoMemoryError => e
    failure = Failures.of("Function", e)
    log("Error raised from handler method", failure)
    api.fail(id, failure)
  end

  def self.log(title, failure)
    puts "#{title}\n#{JSON.generate(failure)}"
  end
end

Fogbank.run(ARGV.fetch(0) { ENV.fetch("_HANDLER") })
