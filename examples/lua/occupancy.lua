-- Occupancy: how many are connected, told to everybody every ten seconds and to newcomers at once.
--
--   curl -N http://127.0.0.1:1983/sse
--
-- `subscribe` and `unsubscribe` are exactly balanced, so that counting up and down is enough; after a
-- reload every open connection passes `subscribe` again, with `sub.reloaded`.
local http = require "http"
local json = require "json"
local log = require "log"
local uuid = require "uuid"

local EVERY = 20

local connected = 0
local address
-- Shows which messages are the script's own.
local key = uuid()
local agent = http.agent {
  headers = { ["content-type"] = "application/json", ["x-occupancy-key"] = key },
  timeout = 5000,
}

local function occupancy()
  return { event = "occupancy", data = tostring(connected) }
end

function startup(cli)
  address = ("http://%s%s"):format(cli.listen, cli.pub_path)
end

function subscribe(sub)
  connected = connected + 1
  return sub
end

function unsubscribe()
  connected = connected - 1
end

function catchup()
  return { occupancy() }
end

-- Nobody else may say how many are connected.
function publish(pub)
  if pub.msg.event == "occupancy" and pub.req.headers["x-occupancy-key"] ~= key then
    return nil
  end
  return pub
end

function tick(count)
  if count % EVERY ~= 0 then
    return
  end
  local answer = agent:post(address, { body = json.encode(occupancy()) })
  if answer.status ~= 202 then
    log.warnf("the server answered %d: %s", answer.status, answer.body)
  end
end

-- Run by `sse-server test occupancy.lua`.
function test_newcomers_see_the_count()
  subscribe {}
  subscribe {}
  unsubscribe {}
  assert(catchup()[1].data == "1")
end

function test_the_count_is_published_and_cannot_be_forged()
  http.stub { method = "POST", status = 202 }
  startup { listen = "127.0.0.1:1983", pub_path = "/sse" }
  subscribe {}
  tick(19)
  tick(20)
  assert(#http.requests == 1)
  local msg = json.decode(http.requests[1].body)
  assert(msg.event == "occupancy" and msg.data == "1")
  assert(publish { req = { headers = http.requests[1].headers }, msg = msg })
  assert(publish { req = { headers = {} }, msg = msg } == nil)
  assert(publish { req = { headers = {} }, msg = { data = "x" } })
end
