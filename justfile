# Everything CI checks
ci:
    bash .ci/run

# Retrain the default model
model:
    cargo run --release --bin stance-train -- data/statements.csv --group-column group --min-df 8 --lexicon data/lexicon.toml --output models/stance-en.json

# Figures of README.md
figures:
    cargo run --release --bin stance-evaluate -- data/realworld.csv --by set
    cargo run --release --bin stance-evaluate -- data/heldout.csv
    cargo run --release --bin stance-evaluate -- --contrasts data/contrasts.csv

bench:
    cargo bench
