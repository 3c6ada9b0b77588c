//! Destinations: encoding, sending and the delivery rules.
