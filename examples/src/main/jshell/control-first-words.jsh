// Run it with: ./sfumato jshell examples/src/main/jshell/control-first-words.jsh
import org.sfumato.examples.*

// Made-up sentences and an encoder that has learned nothing. Of your own:
// Sentences.open(Path.of("ENCODER"), Path.of("TOKENIZER"), Path.of("TEXT"), 5000).
var sentences = Sentences.simple(400)

// A denoiser of any sentences, and a ControlNet around it that reads the first two words.
var steps = 200
var size = new ControlFirstWords.Size(steps, 64, 2, 2, 8)
var outcome = ControlFirstWords.run(sentences, size, System.out)
Files.writeString(Files.createTempFile("control", ".svg"), ControlFirstWords.picture(outcome, size))

/exit
