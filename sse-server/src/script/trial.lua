-- What differs in a test: time passes only where a script waits, and nothing is asked of another server.
local time = require "time"
local sse = require "sse"

local http = { requests = {} }
local stubs = {}

-- http.stub{url = "http://…", method = "POST", status = 200, headers = {…}, body = "…"}; the latest that fits answers.
-- Instead of `url` it may have a `pattern`, and instead of the answer a function `respond(request)`.
function http.stub(stub)
  table.insert(stubs, 1, stub)
end

local function fits(stub, request)
  if stub.method and stub.method:upper() ~= request.method then
    return false
  end
  if stub.pattern then
    return request.url:find(stub.pattern) ~= nil
  end
  return stub.url == nil or stub.url == request.url
end

function http.request(method, url, opts)
  opts = opts or {}
  local request = { method = method:upper(), url = url, headers = opts.headers or {}, args = opts.args or {}, body = opts.body }
  table.insert(http.requests, request)
  for _, stub in ipairs(stubs) do
    if fits(stub, request) then
      local answer = stub.respond and stub.respond(request) or stub
      return { status = answer.status or 200, headers = answer.headers or {}, body = answer.body or "" }
    end
  end
  error(("no http.stub for %s %s"):format(request.method, url), 2)
end

local function merged(base, opts)
  local all = {}
  for name, value in pairs(base or {}) do
    all[name] = value
  end
  for name, value in pairs(opts or {}) do
    if type(value) == "table" and type(all[name]) == "table" then
      value = merged(all[name], value)
    end
    all[name] = value
  end
  return all
end

function http.agent(defaults)
  local agent = {}
  function agent:request(method, url, opts)
    return http.request(method, url, merged(defaults, opts))
  end
  for _, method in ipairs { "get", "head", "post", "put", "patch", "delete", "options" } do
    agent[method] = function(self, url, opts)
      return self:request(method, url, opts)
    end
  end
  return agent
end

for _, method in ipairs { "get", "head", "post", "put", "patch", "delete", "options" } do
  http[method] = function(url, opts)
    return http.request(method, url, opts)
  end
end

package.loaded.http = http

local publish = sse.publish
sse.published = {}
function sse.publish(msg, opts)
  local published = publish(msg, opts)
  table.insert(sse.published, { msg = msg, topics = opts and opts.topics })
  return published
end

local raw_time = os.time
function os.time(date)
  return date and raw_time(date) or time.now() // 1000
end

function os.clock()
  return time.monotonic() / 1000
end
