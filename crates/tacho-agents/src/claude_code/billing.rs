//! Who is billed for what the CLI does, by the order in which it looks for credentials: a cloud provider that a variable
//! chooses, a token or key in a variable, a program that prints a key, a login. What a credential is stays unread; that
//! there is one is enough.

use crate::{Billing, IsSet, OwnersTexts};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Variables that choose a cloud provider.
const CLOUDS: [&str; 3] = ["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"];
/// Variables that hold a key of the API or a gateway's token.
const KEYS: [&str; 2] = ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"];
/// A variable that holds the long-lived token of a subscription.
const SUBSCRIPTION: &str = "CLAUDE_CODE_OAUTH_TOKEN";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Settings {
    env: Map<String, Value>,
    api_key_helper: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Secrets {
    claude_ai_oauth: Option<Login>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Login {
    subscription_type: Option<Value>,
}

/// Who is billed, as far as the files and the variables that are set tell.
pub(super) fn billing(texts: &OwnersTexts, is_set: IsSet<'_>) -> Billing {
    let settings: Settings = serde_json::from_str(&texts.settings).unwrap_or_default();
    let secrets: Secrets = serde_json::from_str(&texts.secrets).unwrap_or_default();
    let has = |name: &str| is_set(name) || settings.env.contains_key(name);
    if CLOUDS.iter().any(|name| has(name)) {
        Billing::Cloud
    } else if KEYS.iter().any(|name| has(name)) || settings.api_key_helper.is_some() {
        Billing::Api
    } else if has(SUBSCRIPTION) {
        Billing::Subscription
    } else {
        match secrets.claude_ai_oauth {
            Some(Login { subscription_type: Some(Value::String(_)) }) => Billing::Subscription,
            // An account without one, or a version that does not say.
            Some(_) | None => Billing::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_there_counts() {
        let login = r#"{"claudeAiOauth":{"accessToken":"x","subscriptionType":"max"}}"#;
        let of = |settings: &str, secrets: &str, variable: &str| {
            let texts = OwnersTexts { settings: settings.to_owned(), secrets: secrets.to_owned() };
            billing(&texts, &|name| name == variable)
        };
        for (settings, secrets, variable, expected) in [
            ("", "", "", Billing::Unknown),
            ("no json", "no json", "", Billing::Unknown),
            ("", login, "", Billing::Subscription),
            ("", r#"{"claudeAiOauth":{"subscriptionType":null}}"#, "", Billing::Unknown),
            ("", "", "CLAUDE_CODE_OAUTH_TOKEN", Billing::Subscription),
            ("", login, "ANTHROPIC_API_KEY", Billing::Api),
            (r#"{"apiKeyHelper":"/bin/key"}"#, login, "", Billing::Api),
            (r#"{"env":{"ANTHROPIC_AUTH_TOKEN":"x"}}"#, login, "", Billing::Api),
            (r#"{"env":{"CLAUDE_CODE_USE_VERTEX":"1"}}"#, login, "ANTHROPIC_API_KEY", Billing::Cloud),
        ] {
            assert_eq!(of(settings, secrets, variable), expected, "{settings} {secrets} {variable}");
        }
    }
}
