package org.sfumato.cli.shared.planted;

import org.sfumato.cli.train.planted.Recipe;

/// Breaks the layering of the commands.
public final class NamesRecipe {
    Recipe recipe;
}
