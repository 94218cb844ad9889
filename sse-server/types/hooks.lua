---@meta

-- The functions that a script may define, and the tables that they are called with.

---@class sse.Address
---@field ip string
---@field port integer

---A request, as it came. What a script changes in it is not kept.
---@class sse.Request
---@field id string given by the server; for a subscription, the connection's name (`sse.disconnect`)
---@field method string
---@field uri string path and query as they came
---@field path string
---@field query string raw; empty if there is none
---@field headers table<string, string> names in lower case; the last one of a repeated header
---@field addr sse.Address? the peer of the socket
---@field remote string? the client's address, behind trusted proxies too

---A message. Every field is optional.
---@class sse.Message
---@field id string|number?
---@field event string|number?
---@field data string|number?
---@field comment string[]?
---@field retry integer? milliseconds until a client reconnects

---What `publish` gets, and `message` after it. Fields that `publish` adds are kept.
---@class sse.Publication
---@field req sse.Request
---@field msg sse.Message
---@field [any] any

---What `subscribe` gets, and every hook of this connection after it. Fields that `subscribe` adds are kept.
---@class sse.Subscription
---@field req sse.Request
---@field reloaded boolean? set when `subscribe` is called again after a reload
---@field [any] any

---An answer in place of the server's.
---@class sse.Answer
---@field status integer
---@field headers table<string, string|number|(string|number)[]>?
---@field body string|number?

---Where a message goes, and how long it is kept.
---@class sse.PublishRoute
---@field topics string|string[]? one or more
---@field ttl integer? milliseconds
---@field key string? a later message with the same key takes this one's place in what is kept

---What a connection gets.
---@class sse.SubscribeRoute
---@field topics string|string[]? one or more topics and patterns, as `a/*`

---The options of the server; times are whole milliseconds, and what is unset is nil.
---@class sse.Cli
---@field listen string
---@field admin_listen string?
---@field log_level string
---@field ids string
---@field keep_alive integer
---@field keep_alive_text string
---@field timeout integer
---@field timeout_retry integer
---@field capacity integer
---@field script string?
---@field script_tick integer
---@field script_data string?
---@field script_timeout integer
---@field unsafe_script boolean
---@field pub_path string
---@field sub_path string
---@field max_body_size integer
---@field serve_static_dir string?
---@field serve_static_path string
---@field cors_allow_origin string
---@field cors_allow_methods string
---@field cors_allow_headers string
---@field cors_allow_credentials boolean
---@field cors_max_age integer
---@field reload integer? the generation, after a reload

---Called once, before the server takes requests, and once after each reload. An error stops the start.
---@param cli sse.Cli
function startup(cli) end

---Called again and again, with a pause of `--script-tick` after each call.
---@param count integer 1, 2, 3…
function tick(count) end

---Called for each message that is published over HTTP, before anybody gets it.
---@param pub sse.Publication
---@return sse.Publication|false|nil # the message to publish; nil or false refuses it with 403
---@return sse.PublishRoute|sse.Answer|nil
function publish(pub) end

---Called for each connection.
---@param sub sse.Subscription
---@return sse.Subscription|false|nil # nil or false refuses it with 403
---@return sse.SubscribeRoute|sse.Answer|nil
function subscribe(sub) end

---Called after `subscribe`: what the connection gets first. `message` is not called for it.
---@param sub sse.Subscription
---@param last_event_id string?
---@return sse.Message[]?
function catchup(sub, last_event_id) end

---Called for each message and each connection. Not defining it costs nothing.
---@param pub sse.Publication
---@param sub sse.Subscription
---@return sse.Publication|false|nil # the message to deliver; nil or false skips it
function message(pub, sub) end

---Called when a connection has reached `--timeout`.
---@param sub sse.Subscription
---@param elapsed integer milliseconds
---@return number? retry milliseconds; otherwise `--timeout-retry`
function timeout(sub, elapsed) end

---Called exactly once for each connection that `subscribe` accepted, when it is over.
---@param sub sse.Subscription
function unsubscribe(sub) end

---The global function `error`, if a script defines one: called after another hook failed. Lua's own
---`error` stays what it is inside the script. `error_id` is what the client was told.
---@alias sse.ErrorHook fun(hook: string, text: string, error_id: string)

---Called before this state goes: at the end, or at a reload.
---@param reason "reload"|"stop"
function shutdown(reason) end
