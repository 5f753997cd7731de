/// The command line, `sfumato`.
///
/// Start with [org.sfumato.cli.Sfumato]. A command is one class, listed there; whatever it throws is reported in one
/// to three lines. Results go to standard output, progress to standard error; `--json` ends the output with one
/// object.
package org.sfumato.cli;
