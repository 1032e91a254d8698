# frozen_string_literal: true

module Fogbank
  # Errors as Lambda tells them: https://docs.aws.amazon.com/lambda/latest/dg/ruby-exceptions.html
  module Failures
    OWN = __dir__

    # `phase` is `Init` or `Function`. What this runtime itself does is left out of the trace.
    def self.of(phase, error)
      trace = error.backtrace_locations || []
      {
        errorMessage: error.message,
        errorType: "#{phase}<#{error.class.name}>",
        stackTrace: trace.reject { |place| place.absolute_path&.start_with?(OWN) }.map(&:to_s)
      }
    end
  end
end
