// SPDX-License-Identifier: GPL-2.0-only
#include "html.h"

#include "palette.h"

#include <fmt/format.h>

namespace scriptfs::bench::html {

std::string escape(std::string_view text)
{
    std::string out;

    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

std::string_view bars_style()
{
    return R"(
.key{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:.7rem 0 1rem;padding:0;list-style:none;
font-size:.92rem;max-width:none}
.key i{display:inline-block;width:1.05em;height:1.05em;margin-right:.4em;vertical-align:-.17em;
border-radius:2px}
.key i.line{width:0;height:1.15em;border-left:3px solid var(--ink);border-radius:0;margin:0 .7em 0 .4em}
.key i.dashes{border-left-style:dashed;border-left-width:2px}
.key i.hatch{border:1px solid var(--muted);
background:repeating-linear-gradient(45deg,var(--muted) 0 1px,transparent 1px 5px)}
.bars{display:grid;grid-template-columns:8rem 1fr;font-size:12px;line-height:14px;max-width:40rem}
.bars .name{text-align:right;padding-right:8px;align-self:center}
.lane{position:relative;padding:6px 0;
background:repeating-linear-gradient(90deg,var(--grid) 0 1px,transparent 1px var(--step))}
.lane::before{content:"";position:absolute;top:0;bottom:0;left:var(--one);border-left:1px solid var(--muted)}
.bar{position:relative;height:14px}
.bar i,.bar u,.bar b{position:absolute;top:1px;bottom:1px}
.bar i{left:0;background:currentColor}
.bar i.unsure{background:repeating-linear-gradient(45deg,currentColor 0 2px,transparent 2px 5px)}
.bar u{top:6.5px;bottom:6.5px;background:var(--ink)}
.bar b{top:0;margin-left:5px;font:10px/14px sans-serif;color:var(--ink);white-space:nowrap}
.bar b.unsure{color:var(--muted)}
.lane s{position:absolute;top:4px;bottom:4px;margin-left:-1px;border-left:3px solid var(--ink)}
.lane s.dashes{border-left:2px dashed var(--ink)}
.axis{grid-column:2;position:relative;height:20px}
.axis span{position:absolute;top:3px;transform:translateX(-50%)}
.what{grid-column:2;text-align:center;color:var(--muted);padding:4px 0}
.picture{background:var(--paper);color:var(--ink);font:12px sans-serif;padding:1px 8px}
.picture .key{margin:8px 6px 6px;font-size:12px;flex-wrap:nowrap;white-space:nowrap;gap:14px}
)";
}

namespace {

constexpr std::string_view style = R"(
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{margin:0 auto;max-width:78rem;padding:1.5rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
h1{font-size:1.7rem;line-height:1.2;margin:.2em 0 .3em}
h2{font-size:1.3rem;margin:2.4em 0 .4em;padding-top:.5em;border-top:2px solid var(--grid)}
h3{font-size:1.02rem;margin:1.6em 0 .3em}
p,ul{max-width:52rem;margin:.5em 0}
.muted,figcaption{color:var(--muted)}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:1em 0;font-size:.95rem}
dl.facts dt{color:var(--muted)}
dl.facts dd{margin:0}
nav{margin:1em 0;font-size:.95rem}
nav a{margin-right:1.1em}
a{color:var(--s3)}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1.2rem 1.6rem}
.rows{display:grid;gap:1.2rem}
.three{display:grid;gap:.4rem 1.2rem}
@media(min-width:60rem){.three{grid-template-columns:repeat(3,1fr)}}
figure{margin:0;break-inside:avoid}
figure h4{margin:0 0 .1rem;font-size:.98rem}
figure img{display:block;width:100%;height:auto;max-width:40rem}
figcaption{font-size:.88rem;max-width:40rem;margin-top:.15rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem;margin:.6rem 0 1rem}
caption{text-align:left;color:var(--muted);font-size:.9rem;padding-bottom:.35rem}
th,td{padding:.28rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid);
vertical-align:top;line-height:1.3}
th:first-child,td:first-child{text-align:left}
thead th{border-bottom:2px solid var(--grid);font-weight:600}
thead th[colspan]{text-align:center}
td small{display:block;color:var(--muted);font-size:.8rem}
td.own,th.own{background:var(--panel)}
td.unsure{color:var(--muted);font-style:italic}
tr.family th{padding-top:.9rem;color:var(--muted);font-weight:600;border-bottom:1px solid var(--grid)}
details{margin:.6rem 0}
summary{cursor:pointer}
@media print{body{max-width:none;padding:0;font-size:10.5pt}nav{display:none}h2{break-after:avoid}
.wide{overflow:visible}table{font-size:7.5pt}th,td{padding:.15rem .35rem}
.grid{grid-template-columns:1fr 1fr}.three{grid-template-columns:repeat(3,1fr)}tr{break-inside:avoid}}
)";

} // namespace

std::string page(std::string_view title, std::string_view body)
{
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>{}</title>\n<style>\n{}{}{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
        escape(title), palette_css(), bars_style(), style, body);
}

} // namespace scriptfs::bench::html
