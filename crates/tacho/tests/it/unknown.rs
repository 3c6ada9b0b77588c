//! What a later agent says: it is kept and counted, and changes nothing of what is understood.

use crate::fixture::{self, Fixture, HookCall};
use crate::home::Home;
use serde_json::{Value as Json, json};

/// A session in which the agent also says what this version has never heard of, and says some things otherwise.
fn of_a_later_agent() -> Fixture {
    let mut fixture = fixture::load("bash");
    for (number, hook) in fixture.hooks.iter_mut().enumerate() {
        let mut payload: Json = serde_json::from_str(&hook.payload).unwrap();
        payload["new_field"] = json!({ "number": number });
        payload["effort"] = json!(["was", "an", "object"]);
        hook.payload = payload.to_string();
    }
    let base = json!({ "session_id": fixture.session.as_str(), "hook_event_name": "FutureEvent" });
    for number in 0..3 {
        let mut payload = base.clone();
        payload["number"] = json!(number);
        let t_ns = fixture.hooks[1].t_ns + 1000 + number;
        fixture.hooks.push(HookCall { t_ns, payload: payload.to_string() });
    }
    let (_, main) = &mut fixture.transcripts[0];
    main.push_str("{\"type\":\"future-type\",\"number\":1}\n{\"type\":\"future-type\",\"number\":2}\n");
    fixture
}

fn report(fixture: Fixture) -> Json {
    let home = Home::with([fixture]);
    home.drain();
    home.json_of(&["show", "last", "--json"])
}

#[test]
fn a_session_of_a_later_agent() {
    let (known, mut later) = (report(fixture::load("bash")), report(of_a_later_agent()));
    let session = later["session"].as_object_mut().unwrap();
    assert_eq!(session["unknown"], json!({ "hook FutureEvent": 3, "row future-type": 2 }));
    assert_eq!(session["hook_events"].as_object_mut().unwrap().remove("FutureEvent"), Some(json!(3)));
    session["unknown"] = json!({});
    assert_eq!(later, known);
}
