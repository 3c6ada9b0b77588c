//! Programs that everybody knows. Only these names are told of a command.

use super::OTHER;

/// What prepares the shell for the command behind it.
#[rustfmt::skip]
pub(super) const PREPARING: [&str; 21] = [
    ".", ":", "alias", "cd", "declare", "export", "local", "mkdir", "popd", "pushd", "readonly", "set", "shift",
    "shopt", "source", "true", "trap", "ulimit", "umask", "unalias", "unset",
];

/// In order, to be searched.
#[rustfmt::skip]
pub(super) const KNOWN: &[&str] = &[
    "R", "actionlint", "ag", "alembic", "ansible", "ansible-playbook", "ant", "apk", "apt", "apt-get", "asdf",
    "ast-grep", "autoconf", "automake", "awk", "aws", "az", "base64", "basename", "bash", "bat", "bazel", "bc",
    "biome", "black", "brew", "buck2", "buf", "buildah", "bun", "bundle", "bunx", "cabal", "cargo", "cat", "cc",
    "cd", "chmod", "chown", "clang", "clang-format", "clang-tidy", "clippy-driver", "cmake", "cmp", "codex",
    "column", "comm", "composer", "conda", "configure", "corepack", "cp", "crane", "crontab", "csc", "ctest",
    "curl", "cut", "dart", "date", "dd", "declare", "deno", "df", "diff", "dig", "dirname", "dmesg", "dnf",
    "docker", "docker-compose", "dotnet", "dpkg", "du", "echo", "elixir", "emacs", "env", "erl", "esbuild",
    "eslint", "export", "expr", "false", "fd", "ffmpeg", "file", "find", "firebase", "fish", "flake8", "flutter",
    "fly", "flyctl", "fold", "free", "g++", "gawk", "gcc", "gcloud", "gdb", "gem", "getent", "gh", "ghc", "git",
    "git-lfs", "glab", "go", "gofmt", "golangci-lint", "gpg", "gradle", "grep", "groovy", "groups", "gunzip",
    "gzip", "hadolint", "head", "helm", "heroku", "hexdump", "host", "hostname", "htop", "hub", "hugo", "id",
    "ifconfig", "install", "ip", "isort", "java", "javac", "jest", "jobs", "journalctl", "jq", "julia", "just",
    "kill", "killall", "kubectl", "ld", "ldd", "lerna", "less", "lldb", "ln", "locate", "ls", "lsof", "lua",
    "make", "man", "md5sum", "meson", "minikube", "mix", "mkdir", "mktemp", "mocha", "more", "mount", "mv", "mvn",
    "mypy", "mysql", "nano", "nc", "netstat", "next", "ng", "ninja", "nix", "nix-build", "nix-shell", "nl", "nm",
    "node", "npm", "npx", "nslookup", "nvim", "nvm", "nx", "objdump", "ocaml", "od", "opam", "openssl", "packer",
    "pacman", "paste", "patch", "perl", "pg_dump", "pgrep", "php", "phpunit", "ping", "pip", "pipenv", "pipx",
    "pkill", "playwright", "pnpm", "podman", "poetry", "popd", "pre-commit", "prettier", "printenv", "printf",
    "prisma", "protoc", "ps", "psql", "pulumi", "pushd", "pwd", "pylint", "pyright", "pytest", "python", "rails",
    "rake", "read", "readelf", "readlink", "realpath", "redis-cli", "rg", "rm", "rmdir", "rollup", "rpm", "rspec",
    "rsync", "rubocop", "ruby", "ruff", "rustc", "rustfmt", "rustup", "sbt", "scala", "scp", "sed", "seq",
    "serverless", "set", "sh", "sha1sum", "sha256sum", "shasum", "shellcheck", "shfmt", "shuf", "sleep", "snap",
    "sort", "source", "split", "sqlite3", "ss", "ssh", "ssh-keygen", "stat", "strace", "strings", "stty", "su",
    "sudo", "supabase", "svn", "swift", "sync", "systemctl", "tac", "tail", "tar", "tea", "tee", "terraform",
    "test", "time", "timeout", "tmux", "top", "touch", "tox", "tr", "trap", "tree", "true", "truncate", "ts-node",
    "tsc", "tsx", "turbo", "type", "uname", "uniq", "unset", "unzip", "uptime", "uv", "uvicorn", "uvx", "vercel",
    "vi", "vim", "vite", "vitest", "wait", "watch", "wc", "webpack", "wget", "which", "who", "whoami", "wrangler",
    "xargs", "xcodebuild", "xxd", "xz", "yamllint", "yarn", "yq", "yum", "zcat", "zig", "zip", "zsh", "zstd",
];

/// Names for the same, and scripts that projects have in common.
const OTHERWISE_CALLED: &[(&str, &str)] = &[
    ("[", "test"),
    ("[[", "test"),
    (".", "source"),
    ("c++", "g++"),
    ("egrep", "grep"),
    ("fgrep", "grep"),
    ("fdfind", "fd"),
    ("gmake", "make"),
    ("gradlew", "gradle"),
    ("gsed", "sed"),
    ("mvnw", "mvn"),
    ("nodejs", "node"),
    ("tofu", "terraform"),
];

/// What may stand at the root of a project under its well-known name.
const OF_PROJECTS: [&str; 3] = ["configure", "gradlew", "mvnw"];

/// The family of a program, by the word that runs it.
pub(super) fn family(program: &str) -> &'static str {
    let name = base_name(program);
    let is_relative = program.contains('/') && !program.starts_with('/');
    let is_installed = || program.rsplit('/').nth(1).is_some_and(|above| matches!(above, "bin" | ".bin"));
    if is_relative && !is_installed() && !OF_PROJECTS.contains(&name) {
        return OTHER;
    }
    let name = without_version(name);
    let name = OTHERWISE_CALLED.iter().find(|(other, _)| *other == name).map_or(name, |(_, name)| *name);
    KNOWN.binary_search(&name).ok().and_then(|at| KNOWN.get(at)).copied().unwrap_or(OTHER)
}

/// The last part of a path.
pub(super) fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// `python3.12`, `pip3`, `gcc-14` and `clang++-18` without the version of the language or compiler.
fn without_version(name: &str) -> &str {
    const VERSIONED: [&str; 9] = ["python", "pip", "gcc", "g++", "clang", "lua", "php", "ruby", "perl"];
    let bare =
        name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.' || letter == '-');
    if VERSIONED.contains(&bare) { bare } else { name }
}
