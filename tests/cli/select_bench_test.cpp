// SPDX-License-Identifier: MIT
#include <string>

#include <nlohmann/json.hpp>

#include "cli/run.hpp"
#include "support/catch.hpp"
#include "support/skip.hpp"

using cli_test::contents;
using cli_test::outcome;
using cli_test::sandbox;
using nlohmann::json;

namespace {

// Times apart.
json without_times(json results) {
  for (json& data : results["data"]) {
    for (json& each : data["strategies"]) each.erase("ns_per_row");
  }
  return results;
}

const std::string rows = R"({"policy_chosen": -1, "policy_rejected": [-9, -2, -2.5, -12]})"
                         "\n"
                         R"({"policy_chosen": -1, "policy_rejected": []})"
                         "\n"
                         R"({"policy_chosen": -3, "policy_rejected": [-2, -3, -7, -9]})"
                         "\n";

}  // namespace

TEST_CASE("cli: select-bench says what it takes") {
  const sandbox box;
  const outcome help = box.run("select-bench --help");
  REQUIRE(help.status == 0);
  for (const std::string option : {"--input", "--json", "--html", "--quick", "--only", "--rows", "--seeds", "--count",
                                   "--margin", "--seed", "--threads", "--python"}) {
    INFO(option);
    REQUIRE(help.out.find(option) != std::string::npos);
  }
  for (const std::string wrong :
       {"--only sometimes", "--rows 0", "--seeds -1", "--margin -2", "--count none", "more"}) {
    INFO(wrong);
    const outcome result = box.run("select-bench " + wrong);
    REQUIRE(result.status == 2);
    REQUIRE(result.err.starts_with("dynamicpo select-bench: "));
    REQUIRE(result.out.empty());
  }
}

TEST_CASE("cli: select-bench judges rows of your own by the exact boundary") {
  const sandbox box;
  box.write("rows.jsonl", rows);
  const outcome result = box.run("select-bench --only input --input rows.jsonl --python no-such-python --json r.json");
  REQUIRE(result.err == "");
  REQUIRE(result.status == 0);
  REQUIRE(result.out.starts_with(
      "rows.jsonl: all rows, 1 without negatives left out\n2 rows, a violator in .500; 2.00 of 4 negatives on the true "
      "boundary (the exact one, by brute force)\n"));
  REQUIRE(result.out.find("skipped KMeans, n_init 10: no-such-python: No such file or directory\n") !=
          std::string::npos);

  const json found = json::parse(contents(box.file("r.json")));
  REQUIRE(found["skipped"].size() == 2);
  REQUIRE(!found.contains("end_to_end"));
  REQUIRE(found["data"].size() == 1);
  const json& data = found["data"][0];
  REQUIRE(data["true_boundary"] == "exact");
  const json& strategies = data["strategies"];
  REQUIRE(strategies.size() == 10);
  for (const char* exact : {"boundary", "jenks"}) {
    for (const char* figure : {"recall", "precision", "f1", "agreement", "order_invariance", "gradient_share"}) {
      INFO(exact << " " << figure);
      REQUIRE(strategies[exact][figure] == 1);
    }
  }
  REQUIRE(strategies["violators"]["recall"] == .5);
  REQUIRE(strategies["violators"]["empty_rows"] == .5);
  REQUIRE(strategies["all"]["precision"] == .5);

  const outcome piped = box.run("select-bench --only input --input - --rows 1 --python false", rows);
  REQUIRE(piped.status == 0);
  REQUIRE(piped.out.starts_with("Standard input: the first 1 rows (--rows), 1 without negatives left out\n1 rows"));
}

TEST_CASE("cli: select-bench refuses bad rows") {
  const sandbox box;
  box.write("bad.jsonl", rows + "{\"policy_chosen\": -1}\n");
  const outcome bad = box.run("select-bench --input bad.jsonl --json r.json --html r.html");
  REQUIRE(bad.status == 1);
  REQUIRE(bad.out.empty());
  REQUIRE(bad.err == "dynamicpo: bad.jsonl:4: expected field \"policy_rejected\" (an array of numbers), found none\n");
  REQUIRE(box.files() == std::vector<std::string>{"bad.jsonl"});

  const outcome none = box.run("select-bench --input -", R"({"policy_chosen": -1, "policy_rejected": []})"
                                                         "\n");
  REQUIRE(none.status == 1);
  REQUIRE(none.err == "dynamicpo: standard input: expected at least one row with a negative, found 1 without\n");

  const outcome missing = box.run("select-bench --input nowhere.jsonl");
  REQUIRE(missing.status == 1);
  REQUIRE(missing.err == "dynamicpo: nowhere.jsonl: expected a readable file, found: No such file or directory\n");
}

TEST_CASE("cli: select-bench --quick has all parts, and the same figures again, times apart", "[slow]") {
  const sandbox box;
  const std::string command = "select-bench --quick --rows 60 --json ";
  const outcome first = box.run(command + "a.json --html a.html");
  REQUIRE(first.status == 0);
  REQUIRE(box.run(command + "b.json --threads 1").status == 0);
  const json a = json::parse(contents(box.file("a.json"))), b = json::parse(contents(box.file("b.json")));
  REQUIRE(without_times(a) == without_times(b));
  REQUIRE(contents(box.file("a.html")).find("<html") != std::string::npos);

  REQUIRE(a["data"].size() == 11);
  for (const json& data : a["data"]) {
    INFO(data["id"]);
    REQUIRE(data["rows"] == 60);
    REQUIRE(data["true_boundary"] == (data["id"].get<std::string>().starts_with("toy-") ? "exact" : "generator"));
    for (const char* exact : {"boundary", "jenks"}) {
      REQUIRE(data["strategies"][exact]["agreement"] == 1);
      REQUIRE(data["strategies"][exact]["order_invariance"] == 1);
    }
    for (const json& each : data["strategies"]) {
      REQUIRE(each["recall"].get<double>() >= 0);
      REQUIRE(each["recall"].get<double>() <= 1);
      REQUIRE(each["ns_per_row"].get<double>() > 0);
    }
  }
  const json& trained = a["end_to_end"]["strategies"];
  REQUIRE(trained.size() == 10);
  for (const json& each : trained) {
    REQUIRE(each["hit_ratio"].get<double>() > .2);
    REQUIRE(each["hit_ratio"].get<double>() < .9);
    REQUIRE(each["half_width"].get<double>() > 0);
    REQUIRE(each["each_seed"].size() == 2);
  }
  // Another algorithm, the same sets: the same training.
  REQUIRE(trained["jenks"]["each_seed"] == trained["boundary"]["each_seed"]);
}
