#include "rules/literal_reading.h"

/* Where so many bytes stand in a row, the classes beside them are not read. */
#define ENOUGH_BYTES 4
/* A class of more bytes says nothing at the ends of a literal. */
#define POOR_CLASS_BYTES 64

static void add_set_of(struct reading *reading, struct literal_sets *sets, struct slice bytes,
                       bool is_caseless)
{
    if (literal_sets_add(sets, bytes, is_caseless, reading->arena))
        reading->rc = RC_NO_MEMORY;
}

/* Those that are bytes, as far as there is no class between them. Gives the length of the longest. */
static size_t add_bytes_of_run(struct reading *reading, const struct run *run,
                               struct literal_sets *sets)
{
    size_t longest = 0;

    for (size_t begin = 0, end; begin < run->n_places; begin = end + 1) {
        bool is_caseless = false;
        char bytes[LITERAL_MAX_BYTES];

        for (end = begin; end < run->n_places && !run->classes[end]; end++)
            is_caseless |= run->caseless >> end & 1;
        for (size_t i = begin; i < end; i++)
            bytes[i - begin] =
                is_caseless ? (char)literal_fold((unsigned char)run->bytes[i]) : run->bytes[i];
        add_set_of(reading, sets, (struct slice){ bytes, end - begin }, is_caseless);
        longest = end - begin > longest ? end - begin : longest;
    }
    return longest;
}

static struct byte_set class_at(const struct run *run, size_t place)
{
    struct byte_set set = { 0 };

    if (run->classes[place])
        return *run->classes[place];
    byte_set_add(&set, (unsigned char)run->bytes[place]);
    if (run->caseless >> place & 1)
        byte_set_add_other_cases(&set);
    return set;
}

static bool is_poor(const struct run *run, size_t place)
{
    return run->classes[place] && byte_set_count(run->classes[place]) > POOR_CLASS_BYTES;
}

static void add_classes_of_run(struct reading *reading, const struct run *run,
                               struct literal_sets *sets)
{
    struct byte_set classes[LITERAL_MAX_BYTES];
    size_t begin = 0, end = run->n_places;

    while (begin < end && is_poor(run, begin))
        begin++;
    while (end > begin && is_poor(run, end - 1))
        end--;
    for (size_t i = begin; i < end; i++)
        classes[i - begin] = class_at(run, i);
    if (literal_sets_add_classes(sets, classes, end - begin, reading->arena))
        reading->rc = RC_NO_MEMORY;
}

void sequence_end(struct reading *reading, struct sequence *sequence)
{
    if (add_bytes_of_run(reading, &sequence->run, &sequence->sets) < ENOUGH_BYTES)
        add_classes_of_run(reading, &sequence->run, &sequence->sets);
    sequence->run.n_places = 0;
    sequence->run.caseless = 0;
    sequence->is_broken = true;
}

static void add_place(struct reading *reading, struct sequence *sequence, char byte,
                      const struct byte_set *class, bool is_caseless)
{
    struct run *run = &sequence->run;

    if (run->n_places == LITERAL_MAX_BYTES)
        sequence_end(reading, sequence);
    run->bytes[run->n_places] = byte;
    run->classes[run->n_places] = class;
    run->caseless |= (uint64_t)is_caseless << run->n_places;
    run->n_places++;
}

static void extend_run(struct reading *reading, struct sequence *sequence, const struct atom *atom)
{
    const struct run *run = atom->run;

    if (atom->kind == ATOM_CLASS)
        add_place(reading, sequence, 0, atom->class, false);
    for (size_t i = 0; atom->kind == ATOM_BYTES && i < atom->n_bytes; i++)
        add_place(reading, sequence, atom->bytes[i], NULL, atom->is_caseless);
    for (size_t i = 0; atom->kind == ATOM_RUN && i < run->n_places; i++)
        add_place(reading, sequence, run->bytes[i], run->classes[i], run->caseless >> i & 1);
}

static size_t places_of(const struct atom *atom)
{
    return atom->kind == ATOM_CLASS   ? 1
           : atom->kind == ATOM_BYTES ? atom->n_bytes
                                      : atom->run->n_places;
}

/* The first repetitions follow what stood before, the last are followed by what comes. */
static void add_repeated(struct reading *reading, struct sequence *sequence,
                         const struct atom *atom, struct repeat repeat)
{
    size_t n_places = places_of(atom);
    bool is_whole = repeat.n_times * n_places <= LITERAL_MAX_BYTES;
    size_t n_told = is_whole ? repeat.n_times : LITERAL_MAX_BYTES / n_places;

    for (size_t i = 0; i < n_told; i++)
        extend_run(reading, sequence, atom);
    if (repeat.is_exact && is_whole)
        return;
    sequence_end(reading, sequence);
    for (size_t i = 0; i < n_told; i++)
        extend_run(reading, sequence, atom);
}

void sequence_add(struct reading *reading, struct sequence *sequence, const struct atom *atom,
                  struct repeat repeat)
{
    switch (atom->kind) {
    case ATOM_UNKNOWN:
        reading_lose(reading);
        return;
    case ATOM_NOTHING:
        if (!repeat.is_exact) /* what looks like its quantifier may be text between */
            sequence_end(reading, sequence);
        return;
    case ATOM_BYTES:
    case ATOM_CLASS:
    case ATOM_RUN:
        if (repeat.n_times)
            add_repeated(reading, sequence, atom, repeat);
        else
            sequence_end(reading, sequence);
        return;
    case ATOM_ANY:
        sequence_end(reading, sequence);
        return;
    case ATOM_GROUP:
        sequence_end(reading, sequence);
        if (repeat.n_times)
            literal_sets_join(&sequence->sets, &atom->sets);
        return;
    }
}
