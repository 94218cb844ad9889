---@meta http

---@class sse.http.Options
---@field headers table<string, string|number>?
---@field args table<string, string|number|boolean|(string|number)[]>? added to the query
---@field body string|number?
---@field timeout number? milliseconds; none without it
---@field version "HTTP/1.0"|"HTTP/1.1"?

---@class sse.http.Response
---@field status integer
---@field headers table<string, string> names in lower case; the last one of a repeated header
---@field body string

---Keeps connections; its options are under those of each call.
---@class sse.http.Agent
local agent = {}

---@async
---@param method string
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function agent:request(method, url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function agent:get(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function agent:head(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function agent:post(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function agent:put(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function agent:patch(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function agent:delete(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function agent:options(url, opts) end

---Requests to other servers. Each raises when there is no answer; a status is never an error.
---@class sse.http
---@field requests sse.http.Request[] only under `sse-server test`: what was asked
local http = {}

---@async
---@param method string
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function http.request(method, url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function http.get(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function http.head(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function http.post(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function http.put(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function http.patch(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function http.delete(url, opts) end

---@async
---@param url string
---@param opts? sse.http.Options
---@return sse.http.Response
function http.options(url, opts) end

---@param opts? sse.http.Options
---@return sse.http.Agent
function http.agent(opts) end

---@class sse.http.Request
---@field method string
---@field url string
---@field headers table<string, string|number>
---@field args table<string, any>
---@field body string|number?

---@class sse.http.Stub
---@field method string? any without it
---@field url string? any without it
---@field pattern string? a Lua pattern, in place of `url`
---@field status integer? 200 without it
---@field headers table<string, string>?
---@field body string?
---@field respond? fun(request: sse.http.Request): sse.http.Stub in place of a fixed answer

---Only under `sse-server test`: what is answered. The latest that fits answers.
---@type fun(stub: sse.http.Stub)
http.stub = nil

return http
