// SPDX-License-Identifier: MIT
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/run.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

using cli_test::contents;
using cli_test::outcome;
using cli_test::sandbox;

namespace {

// Starts `dynamicpo study` and kills it after so many milliseconds. True if it had ended before, well.
bool study_killed_after(const sandbox& box, const std::string& folder, std::uint32_t milliseconds) {
  const std::string output = box.file(folder).string();
  const char* const program = std::getenv("DYNAMICPO_CLI");
  REQUIRE(program != nullptr);
  const char* const arguments[]{program,   "study", "--quick",  "--objectives", "dmpo",
                                "--seeds", "1",     "--output", output.c_str(), nullptr};
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, program, &quiet, nullptr, const_cast<char* const*>(arguments), environ) == 0);
  posix_spawn_file_actions_destroy(&quiet);

  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) REQUIRE(WEXITSTATUS(status) == 0);
  return WIFEXITED(status);
}

}  // namespace

TEST_CASE("dynamicpo study: killed at any moment and run again, it ends with the same bytes", "[slow]") {
  const sandbox box;
  const outcome whole = box.run("study --quick --objectives dmpo --seeds 1 --threads 1 --output whole");
  REQUIRE(whole.status == 0);
  REQUIRE(whole.err == "");
  const std::string expected = contents(box.file("whole/results.jsonl"));
  REQUIRE(std::count(expected.begin(), expected.end(), '\n') == 1 + 1 + 12);

  // Each gets a little longer, so that this comes to an end on a slow machine, too.
  dynamicpo::sample::philox_engine random{2026};
  std::uint32_t kills = 0;
  while (!study_killed_after(box, "killed", random.below(1000) + 600 * kills)) ++kills;
  INFO(kills << " kills");
  REQUIRE(contents(box.file("killed/results.jsonl")) == expected);

  const outcome again = box.run("study --quick --objectives dmpo --seeds 1 --output killed");
  REQUIRE(again.status == 0);
  REQUIRE(contents(box.file("killed/results.jsonl")) == expected);
  REQUIRE(again.out.find("DMPO, learning rate 0.015 (aggressive)") != std::string::npos);
  REQUIRE(again.out.find("report:  killed/report.html") != std::string::npos);

  const outcome other = box.run("study --quick --objectives sdpo --seeds 1 --output killed");
  REQUIRE(other.status == 1);
  REQUIRE(other.err.find("killed/results.jsonl: holds another study: panels: expected [[\"sdpo\",") !=
          std::string::npos);
  REQUIRE(contents(box.file("killed/results.jsonl")) == expected);
}

TEST_CASE("dynamicpo study: ablations are explained, and refuse what they do not go with") {
  const sandbox box;
  const outcome help = box.run("study --help");
  REQUIRE(help.status == 0);
  REQUIRE(help.out.find("--ablations") != std::string::npos);
  REQUIRE(help.out.find("ablations.jsonl") != std::string::npos);
  box.write("rows.json", "[]");
  for (const std::string other : {"--tune", "--data rows.json", "--objectives dmpo"}) {
    const outcome refused = box.run("study --ablations --quick " + other);
    INFO(other);
    REQUIRE(refused.status == 2);
    REQUIRE(refused.err == "dynamicpo study: " + other.substr(0, other.find(' ')) + " excludes --ablations\n");
  }
  REQUIRE(box.files() == std::vector<std::string>{"rows.json"});
}

TEST_CASE("dynamicpo study: quick ablations print a table, write a page, and run nothing twice", "[slow]") {
  const sandbox box;
  const outcome first = box.run("study --ablations --quick --seeds 1 --output ablated");
  REQUIRE(first.status == 0);
  REQUIRE(first.err == "");
  REQUIRE(first.out.find("\na gamma 6, published ") != std::string::npos);
  REQUIRE(first.out.find("Not clearly different: ") != std::string::npos);
  REQUIRE(first.out.find("report:  ablated/ablations.html") != std::string::npos);
  REQUIRE(contents(box.file("ablated/ablations.html")).find("An experimental preset") != std::string::npos);
  const std::string results = contents(box.file("ablated/ablations.jsonl"));
  const std::string timings = contents(box.file("ablated/timings.jsonl"));
  REQUIRE(cli_test::lines(results).size() == 1 + cli_test::lines(timings).size());

  const outcome again = box.run("study --ablations --quick --seeds 1 --output ablated");
  REQUIRE(again.status == 0);
  REQUIRE(contents(box.file("ablated/ablations.jsonl")) == results);
  REQUIRE(contents(box.file("ablated/timings.jsonl")) == timings);
  // All but the time it took.
  REQUIRE(again.out.substr(0, again.out.rfind("ablations.html")) ==
          first.out.substr(0, first.out.rfind("ablations.html")));

  const outcome other = box.run("study --ablations --quick --seeds 2 --output ablated");
  REQUIRE(other.status == 1);
  REQUIRE(other.err.find("ablated/ablations.jsonl: holds another study: seeds: expected [0,1]") != std::string::npos);
}

TEST_CASE("dynamicpo study: wrong usage and bad data are told apart") {
  const sandbox box;
  REQUIRE(box.run("study --objectives ppo").status == 2);
  REQUIRE(box.run("study --seeds 0").status == 2);
  REQUIRE(box.run("study --data nowhere").status == 2);
  box.write("rows.json", "[{\"historyList\": 3}]");
  const outcome bad = box.run("study --data rows.json");
  REQUIRE(bad.status == 1);
  REQUIRE(bad.err.find("rows.json: row 1: ") != std::string::npos);
  REQUIRE(box.files() == std::vector<std::string>{"rows.json"});
}

TEST_CASE("dynamicpo score: its rows are rows of loss", "[slow]") {
  const sandbox box;
  const outcome piped = box.shell("dynamicpo score --split development | dynamicpo loss --objective dmpo --dynamic");
  REQUIRE(piped.status == 0);
  REQUIRE(piped.err == "");
  REQUIRE(cli_test::lines(piped.out).size() == 300);
  for (const std::string& line : cli_test::lines(piped.out)) {
    const auto row = nlohmann::json::parse(line);
    REQUIRE(row["loss"].get<double>() > 0);
    REQUIRE(row["grad_rejected"].size() == 19);
    REQUIRE(row["boundary"].size() >= 1);
  }
}

TEST_CASE("dynamicpo score: rows of titles are scored as the rows they come from", "[slow]") {
  const sandbox box;
  const outcome scored = box.run("score --split development --epochs 1 --titles --output rows.jsonl");
  REQUIRE(scored.status == 0);
  REQUIRE(scored.out == "");
  REQUIRE(box.run("score --input rows.jsonl --epochs 1 --titles --output again.jsonl").status == 0);
  REQUIRE(contents(box.file("again.jsonl")) == contents(box.file("rows.jsonl")));

  const auto first = nlohmann::json::parse(cli_test::lines(contents(box.file("rows.jsonl")))[0]);
  REQUIRE(first["policy_rejected"].size() == 19);
  REQUIRE(first["reference_rejected"].size() == 19);
  REQUIRE(first["policy_chosen"].get<double>() < 0);
  REQUIRE(first["policy_chosen"] != first["reference_chosen"]);
  REQUIRE(first["rejected"].size() == 19);
  REQUIRE(first["chosen"].is_string());

  // Without preference training the policy is the reference.
  const outcome untrained = box.run("score --split development --epochs 0");
  const auto equal = nlohmann::json::parse(cli_test::lines(untrained.out)[0]);
  REQUIRE(equal["policy_chosen"] == equal["reference_chosen"]);
  REQUIRE(equal["reference_chosen"] == first["reference_chosen"]);

  const outcome drawn = box.run("score --split train --negatives 3 --epochs 0");
  REQUIRE(cli_test::lines(drawn.out).size() == 1200);
  REQUIRE(nlohmann::json::parse(cli_test::lines(drawn.out)[0])["policy_rejected"].size() == 3);
}

TEST_CASE("dynamicpo score: bad rows are answered with the line, what was expected and what was found", "[slow]") {
  const sandbox box;
  const std::string title =
      nlohmann::json::parse(cli_test::lines(box.run("score --split development --epochs 0 --titles").out)[0])["chosen"]
          .dump();
  struct wrong {
    std::string row, message;
  };
  for (const auto& [row, message] :
       {wrong{"{", "expected a JSON object, found malformed JSON"}, wrong{"[]", "expected a JSON object, found array"},
        wrong{"{\"history\": []}", "expected field \"chosen\", found none"},
        wrong{"{\"history\": [], \"chosen\": 3}", "expected a title in \"chosen\", found 3"},
        wrong{"{\"history\": [\"no such title\"], \"chosen\": " + title + ", \"rejected\": []}",
              "expected a title of the catalogue in \"history\", found \"no such title\""},
        wrong{"{\"history\": [], \"chosen\": " + title + ", \"rejected\": []}",
              "expected at least one title in \"rejected\", found none"}}) {
    const outcome result = box.run("score --epochs 0 --input -", "\n" + row + "\n");
    INFO(row);
    REQUIRE(result.status == 1);
    REQUIRE(result.err == "dynamicpo: standard input:2: " + message + "\n");
  }
}
