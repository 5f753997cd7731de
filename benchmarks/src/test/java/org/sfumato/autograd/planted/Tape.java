package org.sfumato.autograd.planted;

/// A class that `tensor` must not name.
public final class Tape {
}
