//! A home in which the plugin is installed: the programs as they are, and what the real CLI writes down about a plugin,
//! as it was seen of 2.1.330. The CLI itself is a stand-in that says its version; the real one plays in `cargo xtask e2e`.

use crate::home::{Home, Ran};
use serde_json::{Value as Json, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const STAND_IN: &str = "#!/bin/sh
echo \"$@\" >> \"$HOME/agent.log\"
case $1 in --version) echo '2.1.330 (Claude Code)' ;; esac
";

/// The account of this home has it for its own.
const TACHO: &str = "#!/bin/sh
exec \"$HOME/programs/tacho\" --account-home \"$HOME\" \"$@\"
";

/// A home with the plugin, its programs and a shell that finds them.
pub struct Installed {
    pub home: Home,
}

impl Installed {
    /// Nothing is installed yet.
    pub fn nothing() -> Self {
        build_hook();
        let installed = Self { home: Home::new() };
        let bin = installed.place().join("bin");
        fs::create_dir_all(&bin).unwrap();
        for (name, script) in [("claude", STAND_IN), ("tacho", TACHO)] {
            fs::write(bin.join(name), script).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let built = Path::new(env!("CARGO_BIN_EXE_tacho"));
        fs::create_dir(installed.programs()).unwrap();
        for name in ["tacho", "tacho-hook"] {
            copy_program(&built.with_file_name(name), &installed.programs().join(name));
        }
        installed
    }

    /// The plugin is installed, for the user.
    pub fn plugin() -> Self {
        let installed = Self::nothing();
        let ran = installed.tacho(&["install", "claude-code"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        installed.note_plugins(&["tachograph@tachograph"], &json!({}));
        installed
    }

    /// Where the programs lie that somebody built or unpacked.
    pub fn programs(&self) -> PathBuf {
        self.place().join("programs")
    }

    /// The home directory.
    pub fn place(&self) -> PathBuf {
        self.home.state().parent().unwrap().to_owned()
    }

    /// Where `tacho install` puts the plugin.
    pub fn folder(&self) -> PathBuf {
        self.place().join(".local/share/tachograph/claude-code")
    }

    /// Writes down what the CLI does when these plugins come from our folder, with more settings of the user.
    pub fn note_plugins(&self, ids: &[&str], settings: &Json) {
        let folder = self.folder();
        let entries = |value: &dyn Fn(&str) -> (String, Json)| -> Json {
            Json::Object(ids.iter().map(|id| value(id)).collect())
        };
        let path = folder.join("plugins/claude-code");
        let installations = entries(&|id| {
            (id.to_owned(), json!([{ "scope": "user", "installPath": path, "version": "0.1.0" }]))
        });
        let sources = entries(&|id| {
            let source = json!({ "source": "directory", "path": folder });
            (id.split_once('@').unwrap().1.to_owned(), json!({ "source": source, "installLocation": folder }))
        });
        let mut settings = settings.clone();
        settings["enabledPlugins"] = entries(&|id| (id.to_owned(), json!(true)));
        self.write(
            ".claude/plugins/installed_plugins.json",
            &json!({ "version": 2, "plugins": installations }),
        );
        self.write(".claude/plugins/known_marketplaces.json", &sources);
        self.write(".claude/settings.json", &settings);
    }

    /// Writes a file of the CLI's below the home.
    pub fn write(&self, name: &str, json: &Json) {
        let path = self.place().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, json.to_string()).unwrap();
    }

    /// Runs `tacho` in the home as a user would.
    pub fn tacho(&self, arguments: &[&str]) -> Ran {
        self.shell(&format!("tacho {}", arguments.join(" ")))
    }

    /// Runs a line of a shell in the home.
    pub fn shell(&self, line: &str) -> Ran {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]).current_dir(self.place()).env_clear();
        let path = format!("{}:/usr/bin:/bin", self.place().join("bin").display());
        command.env("HOME", self.place()).env("TACHO_HOME", self.home.state()).env("PATH", path);
        command.env("TZ", "UTC");
        Ran::from(command.output().unwrap())
    }

    /// What the CLI was told, one command a line.
    pub fn told(&self) -> String {
        self.home.without_place(&fs::read_to_string(self.place().join("agent.log")).unwrap_or_default())
    }
}

/// Builds the hook beside the `tacho` that is tested; it is a program of another crate.
fn build_hook() {
    let profile = Path::new(env!("CARGO_BIN_EXE_tacho")).parent().unwrap();
    let target = profile.parent().unwrap();
    let name = match profile.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--quiet", "--package", "tacho-hook", "--profile", name, "--target-dir"])
        .arg(target);
    assert!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
}

/// Copies a program without what is only there for debuggers, which is most of it.
fn copy_program(from: &Path, to: &Path) {
    let stripped = Command::new("strip").arg("-o").arg(to).arg(from).status();
    if !stripped.is_ok_and(|status| status.success()) {
        fs::copy(from, to).unwrap();
    }
}
