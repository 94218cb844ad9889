---@meta sqlite

---@alias sse.sqlite.Value string|number|boolean|lightuserdata

---@class sse.sqlite.Result
---@field rows_affected integer
---@field last_insert_id integer

---What `db:transaction` gives its function.
---@class sse.sqlite.Transaction
local transaction = {}

---@async
---@param sql string only its first statement runs
---@param args? sse.sqlite.Value[] a nil ends the list
---@return sse.sqlite.Result
function transaction:exec(sql, args) end

---@async
---@param sql string only its first statement runs
---@param args? sse.sqlite.Value[] a nil ends the list
---@return table<string, any>[]
function transaction:query(sql, args) end

---A connection. Calls wait for their turn.
---@class sse.sqlite.Database
---@field null lightuserdata
local database = {}

---@async
---@param sql string only its first statement runs
---@param args? sse.sqlite.Value[] a nil ends the list
---@return sse.sqlite.Result
function database:exec(sql, args) end

---Rows by column name. NULL is `sqlite.null`, which is true in a condition.
---@async
---@param sql string only its first statement runs
---@param args? sse.sqlite.Value[] a nil ends the list
---@return table<string, any>[]
function database:query(sql, args) end

---Commits when the function returns, and gives what it gave; rolls back when it raises. Nobody else's
---statement runs meanwhile, and the function calls `tx`, not the database.
---@async
---@generic T
---@param work fun(tx: sse.sqlite.Transaction): T
---@return T
function database:transaction(work) end

---@class sse.sqlite
---@field null lightuserdata NULL; the same as `json.null`
local sqlite = {}

---@async
---@param path string a file, or `:memory:`
---@return sse.sqlite.Database
function sqlite.open(path) end

return sqlite
