// Run it with: ./sfumato jshell examples/src/main/jshell/what-steps-decide.jsh
import org.sfumato.examples.*

// Made-up sentences and an encoder that has learned nothing. Of your own:
// Sentences.open(Path.of("ENCODER"), Path.of("TOKENIZER"), Path.of("TEXT"), 5000).
var sentences = Sentences.simple(400)

// A small denoiser of their latents, trained on the spot.
var steps = 200
var process = new GaussianProcess(DiscreteSchedule.scaledLinear(), new Parameterisation.V())
var table = sentences.latents()
var trainer = new LatentTrainer(LatentTrainingConfig.ddpm(1).with(64, 0, 1e-2, .98, 10),
        ReverseTransformerConfig.small(table.width(), 1), DenoisingObjective.of(process, new Weighting.Simple()),
        LatentStatistics.of(table.latents()), table, steps)
while (trainer.steps() < trainer.total()) { trainer.step(); }

// From noise to a latent in eight steps: how near the prediction is to what comes out, and its words.
var picture = WhatStepsDecide.run(sentences, trainer.model(), new int[] {8, 32}, System.out)
Files.writeString(Files.createTempFile("steps", ".svg"), picture)

/exit
