package org.sfumato.models.gaussian;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sfumato.models.evaluation.SymmetricEigen;
import org.sfumato.nn.log.LossCurve;
import org.sfumato.nn.log.Scale;
import org.sfumato.tensor.Tensor;

/// Latents seen along the two directions in which they differ most (principal components). Source: Hotelling 1933.
///
/// @param places for each row its two coordinates
/// @param shares the shares of all variance along the two directions
/// @param rank how many directions carry variance as if all carried the same: `(sum v)^2 / sum v^2`
public record LatentMap(double[][] places, double[] shares, double rank) {
    /// The map of latents (R, N, D).
    ///
    /// @throws IllegalArgumentException if there are fewer than two rows or two numbers
    public static LatentMap of(Tensor latents) {
        var rows = WienerFilter.rows(NoiseLevel.requireLatents(latents));
        if (rows.length < 2 || rows[0].length < 2) {
            throw new IllegalArgumentException("map: at least two latents of two numbers are needed, got "
                    + latents.shape());
        }
        var mean = SymmetricEigen.mean(rows);
        var eigen = SymmetricEigen.of(SymmetricEigen.covariance(rows));
        double sum = Arrays.stream(eigen.values()).sum();
        double squares = Arrays.stream(eigen.values()).map(v -> v * v).sum();
        var places = new double[rows.length][2];
        for (int i = 0; i < rows.length; i++) {
            for (int axis = 0; axis < 2; axis++) {
                for (int d = 0; d < mean.length; d++) {
                    places[i][axis] += (rows[i][d] - mean[d]) * eigen.vectors()[axis][d];
                }
            }
        }
        return new LatentMap(places, new double[] {sum == 0 ? 0 : eigen.values()[0] / sum,
            sum == 0 ? 0 : eigen.values()[1] / sum}, squares == 0 ? 0 : sum * sum / squares);
    }

    /// A picture, one colour for each group of rows. SVG.
    ///
    /// @param names of the groups
    /// @param groups for each row the number of its group, or -1 for none
    public String svg(String title, List<String> names, int[] groups) {
        var series = new ArrayList<LossCurve.Series>();
        for (int g = 0; g < names.size(); g++) {
            var points = new ArrayList<LossCurve.Point>();
            for (int i = 0; i < places.length; i++) {
                if (groups[i] == g) {
                    points.add(new LossCurve.Point(places[i][0], places[i][1]));
                    points.add(new LossCurve.Point(places[i][0], Double.NaN));          // a gap: each is a dot alone
                }
            }
            series.add(new LossCurve.Series(names.get(g), points, 0));
        }
        return new LossCurve(title, "first principal component", "second principal component", Scale.LINEAR,
                Scale.LINEAR).svg(series);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LatentMap(double[][] its, double[] itsShares, double itsRank)
                && Arrays.deepEquals(places, its) && Arrays.equals(shares, itsShares) && rank == itsRank;
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.deepHashCode(places) + Arrays.hashCode(shares);
    }

    @Override
    public String toString() {
        return "LatentMap" + Arrays.toString(shares);
    }
}
