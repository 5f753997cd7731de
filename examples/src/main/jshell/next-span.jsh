// Run it with: ./sfumato jshell examples/src/main/jshell/next-span.jsh
import org.sfumato.examples.*
import org.sfumato.models.gaussian.*
import org.sfumato.models.latent.LatentStatistics
import org.sfumato.models.latent.Spans
import org.sfumato.models.ldlm.*

// A small autoencoder and the latents of a text, span after span.
var text = "to be or not to be, that is the question. ".repeat(40)
var model = Autoencoders.small(text, 8, 10, 1)
var ids = model.tokenizer().encode(text)
var spans = Spans.of(Tensor.of(java.util.Arrays.stream(ids).limit(1600).asLongStream().toArray(), 200, 8))
var table = LatentTable.of(model.vae().encode(spans, Pass.INFERENCE).mean())

// A diffusion of the next latent given the one before.
var process = new GaussianProcess(new SigmaSchedule.VDiffusion(1e-3, 1e3, 1), new Parameterisation.Edm(1))
var objective = new DenoisingObjective(process, new Weighting.EpsilonError(), DenoisingObjective.Draw.STRATIFIED, .2, 0)
var recipe = LatentTrainingConfig.ldlm(1).with(8, 1, 1e-3, 0, 5)
var trainer = new LatentTrainer(recipe, LdlmConfig.small(8), objective, LatentStatistics.of(table.latents()), table, 20)
while (trainer.steps() < 20) trainer.step();

// Sampled latents of the next span beside the true ones.
var pairs = new NextSpan.Pairs(table.part(0, 32).latents(), table.part(1, 33).latents(), spans.part(1, 33))
var latents = new LatentModel(trainer.network(), process, LatentStatistics.of(table.latents()), 1)
var outcome = NextSpan.run(model, latents, pairs, new NextSpan.Setting(5, 0, 1), System.out)

/exit
