//! A command line taken apart into simple commands, as the POSIX shell's grammar has them: quotes, escapes, comments,
//! redirections, here-documents, subshells and substitutions. Expansions stay as they are written.

use std::iter::Peekable;
use std::mem::take;
use std::str::Chars;

/// Words that open or close a compound command; a command may follow them.
const KEYWORDS: [&str; 13] =
    ["if", "then", "else", "elif", "fi", "while", "until", "do", "done", "esac", "!", "{", "}"];
/// Words that begin a list which is no command.
const HEADS: [&str; 4] = ["for", "case", "select", "function"];
/// Substitutions within substitutions.
const DEPTH_MAX: usize = 16;

/// The simple commands of a line in order; those of substitutions stand behind the command that has them.
pub(super) fn simple_commands(line: &str) -> Vec<Vec<String>> {
    let mut reader = Reader::new(line, DEPTH_MAX);
    reader.read_list(None);
    reader.commands
}

struct Reader<'a> {
    letters: Peekable<Chars<'a>>,
    commands: Vec<Vec<String>>,
    /// Of the command that is being read.
    words: Vec<String>,
    /// Commands of its substitutions.
    inner: Vec<Vec<String>>,
    /// The word that is being read; `None` between words.
    word: Option<String>,
    /// Ends of here-documents whose text begins at the next line.
    documents: Vec<String>,
    /// Whether the next word is a file's name, or the end of a here-document.
    expects: Expects,
    /// Whether these are the values of an array, of which only substitutions run.
    is_array: bool,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expects {
    Word,
    File,
    DocumentEnd,
}

impl<'a> Reader<'a> {
    fn new(line: &'a str, depth: usize) -> Self {
        Self {
            letters: line.chars().peekable(),
            commands: Vec::new(),
            words: Vec::new(),
            inner: Vec::new(),
            word: None,
            documents: Vec::new(),
            expects: Expects::Word,
            is_array: false,
            depth,
        }
    }

    /// Reads up to an unquoted `end`, or to the end of the text.
    fn read_list(&mut self, end: Option<char>) {
        let mut open = 0_usize;
        while let Some(letter) = self.letters.next() {
            match letter {
                _ if Some(letter) == end && open == 0 => break,
                ' ' | '\t' | '\r' => self.end_word(),
                '\n' => {
                    self.end_command();
                    self.skip_documents();
                }
                ';' | '&' | '|' => self.separator(letter),
                '(' if self.word.is_none() && self.letters.next_if_eq(&'(').is_some() => self.arithmetic(),
                '(' if self.word.as_ref().is_some_and(|word| word.ends_with('=')) => self.array(),
                '(' => {
                    // Behind a name it is the definition of a function.
                    self.end_word();
                    self.words.clear();
                    open += 1;
                }
                ')' if open == 0 => {
                    // The end of a pattern of `case`.
                    self.end_word();
                    self.words.clear();
                }
                ')' => {
                    self.end_command();
                    open -= 1;
                }
                '<' | '>' => self.redirection(letter),
                '#' if self.word.is_none() => {
                    while self.letters.next_if(|letter| *letter != '\n').is_some() {}
                }
                other => self.part_of_word(other),
            }
        }
        self.end_command();
    }

    fn part_of_word(&mut self, letter: char) {
        match letter {
            '\\' => match self.letters.next() {
                // The line goes on.
                Some('\n') | None => {}
                Some(escaped) => self.push(escaped),
            },
            '\'' => {
                self.word.get_or_insert_default();
                while let Some(quoted) = self.letters.next_if(|letter| *letter != '\'') {
                    self.push(quoted);
                }
                self.letters.next();
            }
            '"' => self.double_quoted(),
            '`' => self.substitution('`'),
            '$' if self.letters.next_if_eq(&'(').is_some() => self.substitution(')'),
            '$' if self.letters.next_if_eq(&'\'').is_some() => self.ansi_quoted(),
            '$' if self.letters.next_if_eq(&'"').is_some() => self.double_quoted(),
            other => self.push(other),
        }
    }

    /// What stands in `$'…'`, where a backslash escapes.
    fn ansi_quoted(&mut self) {
        self.word.get_or_insert_default();
        while let Some(letter) = self.letters.next() {
            match letter {
                '\'' => return,
                '\\' => match self.letters.next() {
                    Some('n') => self.push('\n'),
                    Some('t') => self.push('\t'),
                    // What the others stand for is in no name of a program.
                    Some(escaped) => self.push(escaped),
                    None => {}
                },
                other => self.push(other),
            }
        }
    }

    /// Passes over the values of an array.
    fn array(&mut self) {
        if self.depth == 0 {
            return;
        }
        let new = Reader::new("", self.depth - 1);
        let mut within = Reader { letters: self.letters.clone(), is_array: true, ..new };
        within.read_list(Some(')'));
        self.letters = within.letters;
        self.inner.append(&mut within.commands);
    }

    fn double_quoted(&mut self) {
        self.word.get_or_insert_default();
        while let Some(letter) = self.letters.next() {
            match letter {
                '"' => return,
                '\\' => match self.letters.next() {
                    Some('\n') | None => {}
                    Some(escaped @ ('"' | '\\' | '$' | '`')) => self.push(escaped),
                    Some(other) => {
                        self.push('\\');
                        self.push(other);
                    }
                },
                '`' => self.substitution('`'),
                '$' if self.letters.next_if_eq(&'(').is_some() => self.substitution(')'),
                other => self.push(other),
            }
        }
    }

    /// The commands up to `end`; what they print is not known, so the word holds a mark in its place.
    fn substitution(&mut self, end: char) {
        self.push('$');
        if end == ')' && self.letters.next_if_eq(&'(').is_some() {
            return self.arithmetic();
        }
        if self.depth == 0 {
            return;
        }
        let mut within = Reader { letters: self.letters.clone(), ..Reader::new("", self.depth - 1) };
        within.read_list(Some(end));
        self.letters = within.letters;
        self.inner.append(&mut within.commands);
    }

    /// Passes over what is calculated, up to `))`.
    fn arithmetic(&mut self) {
        let mut open = 2_usize;
        while open > 0
            && let Some(letter) = self.letters.next()
        {
            match letter {
                '(' => open += 1,
                ')' => open -= 1,
                _ => {}
            }
        }
    }

    fn separator(&mut self, letter: char) {
        // `&>file` is a redirection, and so is what `>&` and `<&` began.
        if letter == '&' && self.letters.next_if_eq(&'>').is_some() {
            return self.redirection('>');
        }
        self.end_command();
    }

    fn redirection(&mut self, letter: char) {
        // The number of what is redirected is no word of the command.
        if self.word.as_ref().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        self.expects = Expects::File;
        if self.letters.next_if_eq(&'(').is_some() {
            // What another command reads or writes (`<(…)`) is a word, whose commands run too.
            self.expects = Expects::Word;
            return self.substitution(')');
        }
        if letter == '<' && self.letters.next_if_eq(&'<').is_some() {
            let is_string = self.letters.next_if_eq(&'<').is_some();
            self.letters.next_if_eq(&'-');
            self.expects = if is_string { Expects::File } else { Expects::DocumentEnd };
            return;
        }
        self.letters.next_if(|letter| matches!(letter, '>' | '&' | '|'));
    }

    fn push(&mut self, letter: char) {
        self.word.get_or_insert_default().push(letter);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match std::mem::replace(&mut self.expects, Expects::Word) {
            Expects::Word if self.words.is_empty() && KEYWORDS.contains(&word.as_str()) => {}
            Expects::Word => self.words.push(word),
            Expects::File => {}
            Expects::DocumentEnd => self.documents.push(word),
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        let words = take(&mut self.words);
        if !self.is_array && words.first().is_some_and(|word| !HEADS.contains(&word.as_str())) {
            self.commands.push(words);
        }
        self.commands.append(&mut self.inner);
    }

    /// Passes over the text of here-documents, each up to a line that is its end.
    fn skip_documents(&mut self) {
        for end in take(&mut self.documents) {
            loop {
                let mut line = String::new();
                while let Some(letter) = self.letters.next_if(|letter| *letter != '\n') {
                    line.push(letter);
                }
                let is_over = self.letters.next().is_none();
                if is_over || line.trim_start_matches('\t') == end {
                    break;
                }
            }
        }
    }
}
