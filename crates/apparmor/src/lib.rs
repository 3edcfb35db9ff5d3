//! The AppArmor policy language
