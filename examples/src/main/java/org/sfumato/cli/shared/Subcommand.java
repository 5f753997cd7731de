package org.sfumato.cli.shared;

import java.util.concurrent.Callable;

/// A command that another jar on the class path adds to `sfumato`, found by the ServiceLoader: a class with picocli's
/// `@Command` that returns an exit code.
public interface Subcommand extends Callable<Integer> { }
