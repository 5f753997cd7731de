package org.sfumato.cli.train.planted;

/// A class that what commands share may not name.
public final class Recipe {
}
