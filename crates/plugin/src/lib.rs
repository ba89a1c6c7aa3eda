//! The plugin host: WASM components and processes behind one interface.
