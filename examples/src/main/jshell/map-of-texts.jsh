// Run it with: ./sfumato jshell examples/src/main/jshell/map-of-texts.jsh
import org.sfumato.examples.*

// Made-up sentences and an encoder that has learned nothing. Of your own:
// Sentences.open(Path.of("ENCODER"), Path.of("TOKENIZER"), Path.of("TEXT"), 5000).
var sentences = Sentences.simple(300)

// Every sentence where it lies along the two directions in which latents differ most.
var picture = MapOfTexts.run(sentences, System.out)
Files.writeString(Files.createTempFile("map", ".svg"), picture)

/exit
