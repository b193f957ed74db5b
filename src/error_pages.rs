//! The pages of `docs/errors`, so that the code in them is compiled and run.

macro_rules! pages {
    ($($code:ident)*) => {$(
        #[doc = include_str!(concat!("../docs/errors/", stringify!($code), ".md"))]
        pub struct $code;
    )*};
}

pages! {
    AW1001
    AW1002
    AW1004
    AW1010
    AW1011
    AW1012
    AW1013
    AW1014
    AW1015
    AW1016
    AW1017
    AW1018
    AW1020
    AW1021
    AW1022
    AW1023
    AW1024
    AW1026
    AW1027
    AW1028
    AW1031
    AW1041
    AW1042
    AW1050
    AW1101
    AW1102
    AW1121
    AW1500
    AW1501
    AW1502
    AW1510
    AW2002
    AW2003
    AW2004
    AW2005
    AW2006
    AW2008
    AW2009
    AW2011
    AW2020
    AW2021
    AW2022
    AW2029
    AW2101
    AW2102
    AW2103
    AW2104
    AW2105
    AW2106
    AW2107
    AW2108
    AW2109
    AW2110
    AW2111
    AW2500
    AW3011
    AW4005
    AW4006
    AW4013
    AW4014
    AW4101
    AW4102
    AW4103
    AW4104
    AW4105
    AW4106
    AW4107
    AW4108
    AW4109
    AW4110
    AW4111
    AW4112
    AW4113
    AW4114
    AW4120
    AW4121
    AW4130
    AW4131
    AW4132
    AW4140
    AW4141
    AW5003
    AW7002
    AW7003
    AW7004
    AW7005
    AW7006
    AW7007
    AW7008
    AW7009
    AW7010
    AW7011
    AW7012
    AW7013
    AW7014
    AW7015
    AW7020
    AW7021
    AW7022
    AW7023
}

// What they show is in the stores on SQL.
#[cfg(feature = "sql")]
pages! {
    AW3021
    AW3023
    AW7001
}
