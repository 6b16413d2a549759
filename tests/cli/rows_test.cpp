// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include "cli/run.hpp"
#include "support/catch.hpp"

using cli_test::good_row;
using cli_test::outcome;
using cli_test::sandbox;

namespace {

struct bad_row {
  std::string line, message;
  std::string options = "--objective dmpo";
};

const std::string good_pair =
    R"({"policy_chosen": -1, "policy_rejected": [-2], "reference_chosen": -1, "reference_rejected": [-2]})" "\n";

const std::vector<bad_row> bad_rows{
    // Malformed JSON, and numbers that JSON has no form for.
    {R"({"policy_chosen": -1, "policy_rejected": [1])",
     "expected a JSON object, found malformed JSON: column 45: syntax error while parsing object - unexpected end of "
     "input; expected '}'"},
    {R"({"policy_chosen": NaN})",
     "expected a JSON object, found malformed JSON: column 19: syntax error while parsing value - invalid literal; "
     "last read: '\"policy_chosen\": N'"},
    {R"({"policy_chosen": -Infinity})",
     "expected a JSON object, found malformed JSON: column 20: syntax error while parsing value - invalid number; "
     "expected digit after '-'; last read: '-I'"},
    {R"({"policy_chosen": 1e999})", "expected a JSON object, found malformed JSON: number overflow parsing '1e999'"},
    {R"({"policy_chosen": -1} {})",
     "expected a JSON object, found malformed JSON: column 23: syntax error while parsing value - unexpected '{'; "
     "expected end of input"},
    {"[1, 2]", "expected a JSON object, found array"},
    // Wrong types, missing and doubled fields.
    {R"({"policy_chosen": "-1", "policy_rejected": []})", "expected \"policy_chosen\" to be a number, found string"},
    {R"({"policy_chosen": -1, "policy_rejected": -2})",
     "expected \"policy_rejected\" to be an array of numbers, found number"},
    {R"({"policy_chosen": -1, "policy_rejected": [-2, null]})",
     "expected \"policy_rejected\"[1] to be a number, found null"},
    {R"({"policy_rejected": [-2]})", "expected field \"policy_chosen\" (a number), found none"},
    {R"({"policy_chosen": -1})", "expected field \"policy_rejected\" (an array of numbers), found none"},
    {R"({"policy_chosen": -1, "policy_rejected": [-2]})",
     "expected field \"reference_chosen\" (a number), found none (--reference-free does without)"},
    {R"({"policy_chosen": -1, "policy_rejected": [-2], "reference_chosen": -1})",
     "expected field \"reference_rejected\" (an array of numbers), found none (--reference-free does without)"},
    {R"({"policy_chosen": -1, "policy_chosen": -2})", "expected every field once, found \"policy_chosen\" twice"},
    // Shapes and values.
    {R"({"policy_chosen": -1, "policy_rejected": [-2], "reference_chosen": -1, "reference_rejected": [-2, -3]})",
     "expected as many \"reference_rejected\" as \"policy_rejected\" (1), found 2"},
    {R"({"policy_chosen": -1e39, "policy_rejected": [-2]})",
     "expected \"policy_chosen\" within the range of the precision, found -1e+39",
     "--objective dmpo --reference-free --precision float"},
    {R"({"policy_chosen": -1e308, "policy_rejected": [-2], "reference_chosen": 1e308, "reference_rejected": [-2]})",
     "the log-ratio of the chosen is not finite"},
    {R"({"policy_chosen": 1, "policy_rejected": [2, -1e308], "reference_chosen": 1, "reference_rejected": [1, 1e308]})",
     "rejected 1: the log-ratio is not finite"},
    {R"({"policy_chosen": -1e308, "policy_rejected": [1e308]})", "the aggregate margin overflows",
     "--objective dmpo --reference-free"},
    {R"({"policy_chosen": -1, "policy_rejected": [-2, -3]})",
     "expected at most 1 negative with --objective dpo, found 2", "--objective dpo --reference-free"},
};

}  // namespace

TEST_CASE("cli: a bad row exits with 1, names file and line, and leaves no output") {
  for (const bad_row& bad : bad_rows) {
    INFO(bad.line);
    const sandbox box;
    box.write("rows.jsonl", good_pair + "\n" + bad.line + "\n" + good_pair);
    const outcome result = box.run("loss --input rows.jsonl --output losses.jsonl " + bad.options);
    REQUIRE(result.status == 1);
    REQUIRE(result.err == "dynamicpo: rows.jsonl:3: " + bad.message + "\n");
    REQUIRE(box.files() == std::vector<std::string>{"rows.jsonl"});
  }
}

TEST_CASE("cli: of several bad rows the first is named, whatever the number of threads") {
  const sandbox box;
  std::string rows;
  for (int i = 0; i < 500; ++i) { rows += i == 123 || i % 2 == 1 ? "{}\n" : good_row; }
  box.write("rows.jsonl", rows);
  for (const std::string threads : {"1", "2", "7"}) {
    const outcome result = box.run("loss --objective dmpo --input rows.jsonl --threads " + threads);
    REQUIRE(result.status == 1);
    REQUIRE(result.err == "dynamicpo: rows.jsonl:2: expected field \"policy_chosen\" (a number), found none\n");
  }
}

TEST_CASE("cli: a file that cannot be read exits with 1 and the reason") {
  const sandbox box;
  const outcome missing = box.run("loss --objective dmpo --input rows.jsonl --output losses.jsonl");
  REQUIRE(missing.status == 1);
  REQUIRE(missing.err == "dynamicpo: rows.jsonl: expected a readable file, found: No such file or directory\n");
  const outcome folder = box.run("loss --objective dmpo --input . --output losses.jsonl");
  REQUIRE(folder.status == 1);
  REQUIRE(folder.err == "dynamicpo: .:1: expected a readable file, found: Is a directory\n");
  REQUIRE(box.files().empty());
}

TEST_CASE("cli: standard input is named as such") {
  const sandbox box;
  const outcome result = box.run("loss --objective dmpo", "{}\n");
  REQUIRE(result.status == 1);
  REQUIRE(result.err == "dynamicpo: standard input:1: expected field \"policy_chosen\" (a number), found none\n");
}

TEST_CASE("cli: blank lines, carriage returns, further fields and a missing last newline are fine") {
  const sandbox box;
  const outcome plain = box.run("loss --objective dmpo", good_row + good_row);
  REQUIRE(plain.status == 0);
  std::string other = good_row;
  other.insert(1, R"("user": {"id": 7}, )");
  other.pop_back();
  const outcome result = box.run("loss --objective dmpo", "\n" + other + "\r\n  \n" + other);
  REQUIRE(result.status == 0);
  REQUIRE(result.out == plain.out);
}

TEST_CASE("cli: no rows give no results") {
  const sandbox box;
  const outcome result = box.run("loss --objective dmpo --output losses.jsonl");
  REQUIRE(result.status == 0);
  REQUIRE(cli_test::contents(box.file("losses.jsonl")).empty());
}
