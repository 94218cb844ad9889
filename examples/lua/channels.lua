-- Channels: a subscriber gets what is published on the channels of its own query.
--
--   curl -N 'http://127.0.0.1:1983/sse?chan=news&chan=sport'
--   curl 'http://127.0.0.1:1983/sse?chan=news' -d data=hello
--
-- `message` is called for every message and subscriber. Where that is too much, return topics
-- instead and define no `message`: `return pub, {topics = pub.channels}`, and the same in `subscribe`.
local log = require "log"
local url = require "url"
local uuid = require "uuid"

local function channels(req)
  return url.unquote(req.query).chan or { "main" }
end

function subscribe(sub)
  sub.id = uuid()
  sub.channels = {}
  for _, name in ipairs(channels(sub.req)) do
    sub.channels[name] = true
  end
  log.debugf("%s subscribed to %s", sub.id, sub.req.query)
  return sub
end

function publish(pub)
  pub.channels = channels(pub.req)
  return pub
end

function message(pub, sub)
  for _, name in ipairs(pub.channels) do
    if sub.channels[name] then
      return pub
    end
  end
end

function unsubscribe(sub)
  log.debugf("%s has left", sub.id)
end

-- Run by `sse-server test channels.lua`.
function test_a_message_goes_to_its_channels()
  local sub = subscribe { req = { query = "chan=a&chan=b" } }
  local function reaches(query)
    return message(publish { req = { query = query }, msg = { data = "x" } }, sub) ~= nil
  end
  assert(reaches "chan=a" and reaches "chan=c&chan=b")
  assert(not reaches "chan=c" and not reaches "")
end
