-- Publish from Lua: the script is a publisher of its own server, over HTTP.
--
--   curl -N http://127.0.0.1:1983/sse
--
-- Every tenth tick (five seconds) it publishes the count. What it publishes passes the hooks as
-- everybody's messages do; `require("sse").publish` is the short way, past `publish`.
local http = require "http"
local json = require "json"
local log = require "log"

local EVERY = 10

local agent = http.agent {
  headers = { ["content-type"] = "application/json" },
  timeout = 5000,
}
local address

function startup(cli)
  address = ("http://%s%s"):format(cli.listen, cli.pub_path)
end

function tick(count)
  if count % EVERY ~= 0 then
    return
  end
  local answer = agent:post(address, {
    body = json.encode { event = "tick", data = tostring(count) },
  })
  if answer.status ~= 202 then
    log.warnf("the server answered %d: %s", answer.status, answer.body)
  end
end

-- Run by `sse-server test publish.lua`.
function test_every_tenth_tick_is_published()
  http.stub { method = "POST", url = "http://127.0.0.1:1983/sse", status = 202 }
  startup { listen = "127.0.0.1:1983", pub_path = "/sse" }
  for count = 1, 25 do
    tick(count)
  end
  assert(#http.requests == 2)
  assert(json.decode(http.requests[2].body).data == "20")
end
