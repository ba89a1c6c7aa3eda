//! Tests on either database.

/// Each test on both databases: it gets the arguments of a server that name its database.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { super::$test(&[]); })+
        }
        mod postgres {
            $(#[test] fn $test() {
                let database = private_postgres::Database::create("cli");
                super::$test(&["--database-url", database.url()]);
            })+
        }
    };
}
pub(crate) use on_both;
