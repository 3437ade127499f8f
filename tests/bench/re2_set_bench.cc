// re2_set_bench RULES LOG - RE2::Set, asked line by line which rules match (it captures nothing). See matcher_bench.h.
#include "matcher_bench.h"

#include <cstring>
#include <re2/re2.h>
#include <re2/set.h>
#include <string>
#include <vector>

namespace
{

constexpr int64_t max_bytes = int64_t{ 1 } << 30; // of its automaton
RE2::Set *rules_set;

void load(const char *path, const char *, size_t)
{
    RE2::Options options;
    size_t n_rules;
    const bench_rule *rules = bench_rules(path, &n_rules);

    options.set_max_mem(max_bytes);
    rules_set = new RE2::Set(options, RE2::UNANCHORED);
    for (size_t i = 0; i < n_rules; i++) {
        std::string error;

        if (rules_set->Add(std::string(rules[i].folds_case ? "(?i)" : "") + rules[i].pattern,
                           &error) < 0)
            bench_die(rules[i].pattern, error.c_str());
    }
    if (!rules_set->Compile())
        bench_die("RE2", "no memory");
}

void pass(const char *text, size_t len, bench_counts *counts)
{
    std::vector<int> matching;
    const char *end = text + len;

    while (text < end) {
        auto newline =
            static_cast<const char *>(memchr(text, '\n', static_cast<size_t>(end - text)));
        const char *line_end = newline ? newline : end;

        matching.clear();
        if (rules_set->Match(re2::StringPiece(text, static_cast<size_t>(line_end - text)),
                             &matching))
            counts->n_hits += matching.size();
        text = line_end + 1;
    }
}

} // namespace

int main(int argc, char **argv)
{
    const bench_matcher matcher = { load, pass };

    return bench_main(argc, argv, &matcher);
}
