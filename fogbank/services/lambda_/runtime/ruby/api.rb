# frozen_string_literal: true

require "json"
require "socket"

module Fogbank
  # One connection for the life of the process: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
  class Api
    ROOT = "/2018-06-01/runtime"

    def initialize(address)
      host, port = address.split(":")
      @socket = TCPSocket.new(host, port.to_i)
      @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    end

    # [headers, body] of the next invocation; waits for it.
    def next
      request("GET", "/invocation/next")
    end

    def respond(id, body)
      request("POST", "/invocation/#{id}/response", body)
    end

    def fail(id, failure)
      fail_at("/invocation/#{id}/error", failure)
    end

    def fail_init(failure)
      fail_at("/init/error", failure)
    end

    private

    def fail_at(path, failure)
      request("POST", path, JSON.generate(failure), "Lambda-Runtime-Function-Error-Type: #{failure[:errorType]}\r\n")
    end

    def request(method, path, body = "", more = "")
      head = "#{method} #{ROOT}#{path} HTTP/1.1\r\nHost: runtime\r\nContent-Type: application/json\r\n" \
             "Content-Length: #{body.bytesize}\r\n#{more}\r\n"
      @socket.write(head.b, body.b)
      answer
    end

    def answer
      raise "The Runtime API is gone" if @socket.gets("\r\n").nil?

      headers = {}
      until (line = @socket.gets("\r\n").chomp).empty?
        name, value = line.split(":", 2)
        headers[name.downcase] = value.strip
      end
      [headers, @socket.read(headers.fetch("content-length", "0").to_i).force_encoding("UTF-8")]
    end
  end
end
