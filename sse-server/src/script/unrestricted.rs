//! The one door to a state that may load C modules and bytecode.

use mlua::{Lua, LuaOptions, StdLib};

/// Makes a state with every library.
pub(super) fn create(options: LuaOptions) -> Lua {
    // SAFETY: whoever starts the server with `--unsafe-script` answers for the script: that it loads no C module and
    // no bytecode that breaks the interpreter, and does not misuse `debug`.
    unsafe { Lua::unsafe_new_with(StdLib::ALL, options) }
}
