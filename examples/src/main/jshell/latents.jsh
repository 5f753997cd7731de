// Run it with: ./sfumato jshell examples/src/main/jshell/latents.jsh

// Latents that nobody has to encode: points on a closed curve in 8 dimensions, with a little noise. Their covariance
// is that of a ball, so that the best linear filter does not know the curve; a network can.
Tensor curve(int rows, long seed) {
    var angle = Tensor.uniform(Shape.of(rows, 1, 1), Rng.of(seed)).mul(2 * Math.PI);
    var waves = angle.mul(Tensor.arange(1, 1, new Spec(Shape.of(4), DType.F32), Device.CPU));
    return Tensor.concat(-1, waves.cos(), waves.sin()).add(Tensor.normal(Shape.of(rows, 1, 8), Rng.of(seed + 1)).mul(.05));
}
var table = LatentTable.of(curve(2000, 1))
var statistics = LatentStatistics.of(table.latents())

// A process makes noise and says what a network predicts; an objective trains; any network of latents will do.
var process = new GaussianProcess(DiscreteSchedule.linear(), new Parameterisation.V())
var config = LatentTrainingConfig.ddpm(1).with(128, 0, 1e-2, .98, 10)
var trainer = new LatentTrainer(config, new ReverseTransformerConfig(8, 2, 1, 1, 128, 0, 1, TimeWaves.GEOMETRIC),
        DenoisingObjective.of(process, new Weighting.Simple()), statistics, table, 400)
double loss = 0
while (trainer.steps() < trainer.total()) { loss = trainer.step(); }
System.out.println("loss " + loss)

// Noise on, noise off: the network beside the best linear filter and the mean.
var model = trainer.model()
var report = Restoration.of(new Restoration.Plan(model, table, LatentTable.of(curve(200, 7)), List.of(250, 500),
        new Solver.Ddim(0), 20), Rng.of(1))
System.out.println(report.table())

// What each step of a sampler decides.
var seen = new Decisions()
var sampler = model.sampler(model.path(10), new Solver.DpmSolver2M(0), new Clipping.Off(), 1)
var end = sampler.sample(Shape.of(64, 1, 8), null, Rng.of(2), seen)
seen.decisions(end).forEach(d -> System.out.printf("sigma %.3g  cosine to the end %.3f%n", d.level().sigma(), d.cosine()))

// A map, a way between two of them, and arithmetic: b - a + c.
var map = LatentMap.of(table.latents())
System.out.println("variance along two directions: " + Arrays.toString(map.shares()))
var rows = table.latents()
Interpolation.SPHERICAL.way(rows.select(0, 0), rows.select(0, 1), 5).forEach(System.out::println)
System.out.println(rows.select(0, 1).sub(rows.select(0, 0)).add(rows.select(0, 2)))

/exit
