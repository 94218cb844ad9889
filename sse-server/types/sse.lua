---@meta sse

---@class sse.Published
---@field id string
---@field subscribers integer

---@class sse.Connected
---@field conn string what `sse.disconnect` takes
---@field topics string[]
---@field since integer milliseconds since 1970
---@field sub sse.Subscription? what `subscribe` returned

---What a script does to the server.
---@class sse
---@field published { msg: sse.Message, topics: string|string[]|nil }[] only under `sse-server test`
local sse = {}

---Publishes without running `publish`.
---@async
---@param msg sse.Message
---@param opts? sse.PublishRoute
---@return sse.Published
function sse.publish(msg, opts) end

---@async
---@param topic? string
---@return sse.Connected[]
function sse.subscribers(topic) end

---@async
---@param topic? string
---@return integer
function sse.count(topic) end

---@async
---@param conn string
---@param opts? { retry: integer? } milliseconds until the client reconnects
---@return boolean # whether there was such a connection
function sse.disconnect(conn, opts) end

return sse
