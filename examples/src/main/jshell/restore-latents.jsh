// Run it with: ./sfumato jshell examples/src/main/jshell/restore-latents.jsh
import org.sfumato.examples.*

// Made-up sentences and an encoder that has learned nothing. Of your own:
// Sentences.open(Path.of("ENCODER"), Path.of("TOKENIZER"), Path.of("TEXT"), 5000).
var sentences = Sentences.simple(400)

// Noise on, noise off: a network beside the best linear filter, the mean and a sampler.
var steps = 200
var report = RestoreLatents.run(sentences.latents(), new RestoreLatents.Size(steps, 64, List.of(100, 500), 10),
        System.out)
Files.writeString(Files.createTempFile("centred", ".svg"), report.svg(true))

/exit
