// SPDX-License-Identifier: MIT
#pragma once

namespace collapse_study {

/// Style sheet of the report: a light and a dark palette, colours that stay apart under colour blindness (Okabe, Ito).
inline constexpr char page_style[] = R"css(
:root {
  --paper: #fff; --ink: #1c2024; --soft: #5b6570; --rule: #dfe3e8; --wash: #f6f7f9;
  --vanilla: #c24e00; --dynamic: #0062a8; --selection-only: #00795a; --beta-only: #a8508a;
  --reference: #5b6570; --axis: #5b6570; --grid: #e6e9ed;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --ink: #e6e9ec; --soft: #a2acb6; --rule: #343b42; --wash: #1c2125;
    --vanilla: #ff9a52; --dynamic: #5cb8ff; --selection-only: #3ecf9f; --beta-only: #e79bcb;
    --reference: #a2acb6; --axis: #a2acb6; --grid: #2b3137;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 75rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans",
    sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
header, h2, h3, p, ul, dl { max-width: 46rem; }
.kicker { margin: 0; color: var(--soft); font-size: .875rem; letter-spacing: .02em; }
h1 {
  margin: .25rem 0 .5rem; font-size: clamp(1.75rem, 5vw, 2.5rem); line-height: 1.15; letter-spacing: -.015em;
  text-wrap: balance;
}
.how { color: var(--soft); font-size: .875rem; }
.lead { margin: 0; color: var(--soft); font-size: 1.125rem; }
h2 {
  margin: 3rem 0 .75rem; padding-top: 1.25rem; border-top: 1px solid var(--rule); max-width: none;
  font-size: 1.375rem; line-height: 1.25;
}
h3 { margin: 1.75rem 0 .4rem; font-size: 1.0625rem; line-height: 1.35; }
p { margin: .5rem 0; }
ul { margin: .5rem 0; padding-left: 1.15rem; }
li { margin: .35rem 0; }
li::marker { color: var(--soft); }
.groups { columns: 28rem 2; column-gap: 3rem; }
.groups section { break-inside: avoid; padding-top: .1rem; }
.groups h3 { margin-top: 1.25rem; }
.groups small { display: block; color: var(--soft); font-size: .8125rem; }
.metric { margin-top: 2.25rem; }
.metric > p { color: var(--soft); }
.legend {
  display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: .75rem 0 1rem; padding: 0; list-style: none;
  font-size: .875rem; max-width: none;
}
.legend li { display: flex; align-items: center; gap: .4rem; margin: 0; }
.legend svg { width: 2rem; height: 1rem; fill: none; stroke: var(--ink); stroke-width: 2; }
.legend .mark { fill: var(--ink); stroke: none; }
.multiples {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 16.5rem), 1fr)); gap: 1.25rem 1rem;
}
figure { margin: 0; min-width: 0; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { font-size: .9375rem; color: var(--soft); }
figcaption strong { color: var(--ink); }
.note { margin: 0; font-size: .8125rem; color: var(--soft); }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--dynamic); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .9375rem; line-height: 1.3; min-width: min(100%, 48rem); }
th, td { padding: .3rem .75rem .3rem 0; text-align: right; vertical-align: top; white-space: nowrap; }
td:last-child, th:last-child { padding-right: 0; }
th:first-child { text-align: left; font-weight: 400; }
thead th { border-bottom: 1px solid var(--rule); color: var(--soft); font-weight: 600; }
.block th { padding-top: 1.1rem; font-weight: 600; white-space: normal; }
td[colspan] { text-align: left; padding-left: 1rem; }
td small { display: block; color: var(--soft); font-size: .75rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.25rem; margin: .5rem 0; }
dt { color: var(--soft); }
dd { margin: 0; }
@media (max-width: 40rem) {
  body { padding: 1.5rem 1rem 3rem; }
  table { font-size: .8125rem; }
  th, td { padding-right: .5rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .6rem; }
}
@media print { body { max-width: none; } .multiples { break-inside: avoid; } }
)css";

}  // namespace collapse_study
