/// The command line, `sfumato`.
package org.sfumato.cli;
