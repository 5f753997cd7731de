package org.sfumato.nn.planted;

import org.sfumato.cuda.planted.Driver;

/// Breaks the layering.
public record NamesCuda(Driver driver) {
}
