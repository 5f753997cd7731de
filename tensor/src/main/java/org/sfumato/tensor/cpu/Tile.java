package org.sfumato.tensor.cpu;

/// A register tile of the matrix product, `C = F + A B`, of as many rows and columns as it was written for by
/// [TileWriter]. Element (i, j) is `fma(A[i,k-1], B[k-1,j], ... fma(A[i,0], B[0,j], F[i,j]))`, one chain in the order
/// of k.
///
/// A class and no interface: where tiles of several shapes are called from one place, that costs less.
abstract class Tile {
    /// Addresses and strides are in bytes, and nothing is checked: who calls has proved that all of it lies in memory
    /// that it may use.
    ///
    /// @param depth k, how many products a sum has
    /// @param a the address of A; element (i, p) is at `a + i * ar + p * ac`
    /// @param b the address of B: row p of a panel is at `b + p * br`, its columns side by side
    /// @param next from a panel of B to the next one, where the tile takes several
    /// @param c the address of C; row i is at `c + i * cr`
    /// @param from the address of F; row i is at `from + i * fr`
    abstract void run(int depth, long a, long ar, long ac, long b, long br, long next, long c, long cr, long from,
            long fr);
}
