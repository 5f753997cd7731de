package org.sfumato.cuda.planted;

/// A class that nobody but `cuda-kernels` may name.
public final class Driver {
}
