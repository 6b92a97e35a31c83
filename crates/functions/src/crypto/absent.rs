//! What stands in for the cryptography that this build is without.

use pintle_template::CallError;
use pintle_value::Value;

macro_rules! missing {
    ($($module:ident { $($function:ident ($($argument:ty),*);)* })*) => {$(
        pub(super) mod $module {
            use super::{CallError, Value, missing_feature};
            use crate::certificate::Certificate;
            use pintle_template::Call;
            use pintle_value::{List, Str};
            #[expect(unused, reason = "not each module's functions take each of these")]
            type Arguments<'a> = (&'a Certificate, &'a List, &'a Str);
            $(pub(in crate::crypto) fn $function(_call: &mut dyn Call, $(_: $argument),*) -> Result<Value, CallError> {
                Err(missing_feature())
            })*
        }
    )*};
}

fn missing_feature() -> CallError {
    CallError::new("this build has no cryptography: build pintle-functions with its feature crypto-functions")
}

missing! {
    password {
        bcrypt(&Str);
        htpasswd(&Str, &Str);
        derive(u32, &Str, &Str, &Str, &Str);
    }
    key {
        generate(&Str);
    }
    issue {
        custom(&Str, &Str);
        authority(&Str, i64);
        authority_with_key(&Str, i64, &Str);
        self_signed(&Str, &List, &List, i64);
        self_signed_with_key(&Str, &List, &List, i64, &Str);
        signed(&Str, &List, &List, i64, &Certificate);
        signed_with_key(&Str, &List, &List, i64, &Certificate, &Str);
    }
    cipher {
        encrypt(&Str, &Str);
        decrypt(&Str, &Str);
    }
}
