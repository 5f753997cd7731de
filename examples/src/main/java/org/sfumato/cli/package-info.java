/// The command line, `sfumato`: its root, what becomes of errors, and the commands about itself. The others lie in the
/// packages below, each of which names only those before it: shared, data, text, train, latent, experiment.
package org.sfumato.cli;
