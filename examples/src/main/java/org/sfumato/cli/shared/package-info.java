/// What the commands share: options, progress, training data, and the place of a [org.sfumato.cli.shared.Subcommand].
package org.sfumato.cli.shared;
