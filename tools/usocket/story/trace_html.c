/*
 * A story as one page of HTML: an overview in time, the connections, the faults, and a sequence diagram of host and
 * module with a lane a connection. No script: the filter is CSS (:target), and a policy forbids the page to load or run
 * anything, for all that it shows comes from outside.
 */
#include "story/trace_file.h"

#include <inttypes.h>
#include <string.h>

enum { SHOWN = 200, BINS = 200, WIDTH = 1000, LANE = 18, MAX_FAULTS = 200, SHORT_LIST = 20 };

static const char *const state_classes[STORY_STATES] = {"opening", "open", "closing", "closed"};

static const char style[] =
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1c2127;--dim:#6b7480;--line:#d8dde3;--soft:#f4f6f8;"
    "--host:#1763b6;--module:#23753a;--payload:#8a3fa8;--fault:#c62828;--faultbg:#fdecea;"
    "--opening:#e6a117;--open:#2e9e4f;--closing:#7d93ab;--closed:#c3cbd4;--lost:#c62828}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#15181c;--fg:#e3e7ec;--dim:#8d97a3;--line:#333a43;--soft:#1d2228;"
    "--host:#7ab7f5;--module:#78cf90;--payload:#d59bf0;--fault:#ff7b72;--faultbg:#3a1d1d;"
    "--opening:#d29922;--open:#3fb950;--closing:#6e8299;--closed:#4a525c;--lost:#f85149}}\n"
    "body{margin:0;background:var(--bg);color:var(--fg);font:14px/21px system-ui,sans-serif}\n"
    "header,section,main{padding:0 1.25rem}h1{font-size:1.3rem;margin:1rem 0 0}h2{font-size:1rem;margin:1.2rem 0 "
    ".3rem}\n"
    ".dim,time{color:var(--dim)}p{margin:.2rem 0}code{font:12.5px/1.5 ui-monospace,monospace}\n"
    "nav{margin:.8rem 0}nav a{display:inline-block;padding:.1rem .6rem;margin:0 .25rem .25rem 0;color:inherit;"
    "border:1px solid var(--line);border-radius:1rem;text-decoration:none}nav a:hover{background:var(--soft)}\n"
    "nav .fault{color:var(--fault);border-color:var(--fault)}\n"
    "svg{display:block;width:100%;max-width:80rem;height:auto;background:var(--soft);border-radius:6px}\n"
    "svg text{fill:var(--dim);font:11px system-ui,sans-serif}svg .in{fill:var(--module)}svg .out{fill:var(--host)}"
    "svg .tick{stroke:var(--fault)}svg .axis{stroke:var(--line)}\n"
    "rect.opening{fill:var(--opening)}rect.open{fill:var(--open)}rect.closing{fill:var(--closing)}rect.lost{"
    "fill:var(--lost)}\n"
    ".key i{display:inline-block;width:.9em;height:.9em;border-radius:2px;margin:0 .3em 0 1em;vertical-align:-.1em}\n"
    "table{border-collapse:collapse}td,th{padding:.15rem .9rem .15rem 0;text-align:left;font-weight:normal;"
    "border-bottom:1px solid var(--line)}th{color:var(--dim)}.n{text-align:right}\n"
    ".lost,.faults li{color:var(--fault)}.faults a{color:inherit}.faults{margin:0;padding:0;list-style:none}\n"
    ".r{display:grid;grid-template-columns:5.5rem minmax(16rem,36rem) calc(var(--lanes)*18px + 1rem) 1fr;"
    "min-height:27px;content-visibility:auto;contain-intrinsic-size:auto 27px}\n"
    ".r:hover{background:var(--soft)}.r>*{min-width:0}.m{padding:3px 0;overflow-wrap:anywhere}\n"
    "time{padding:3px .8rem 0 0;text-align:right;font-variant-numeric:tabular-nums}\n"
    ".p{position:relative;display:flex;border:solid var(--dim);border-width:0 2px;padding:1px 10px 5px}\n"
    "summary{font-weight:bold;margin:1.2rem 0 .3rem;cursor:pointer}\n"
    ".p code{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.r:hover code{white-space:normal;"
    "overflow-wrap:anywhere}\n"
    ".p::before{content:'';position:absolute;left:0;right:0;bottom:3px;border-top:1.5px solid currentColor}\n"
    ".p::after{content:'';position:absolute;bottom:0;border:4px solid transparent}\n"
    ".host .p{color:var(--host)}.host .p::after{right:0;border-left:8px solid;border-right:0}\n"
    ".module .p{color:var(--module);justify-content:flex-end}.module .p::after{left:0;border-right:8px solid;"
    "border-left:0}\n"
    ".payload .p{color:var(--payload)}.payload .p::before{border-top-width:3px}\n"
    ".gap .p,.note .p{color:var(--dim);justify-content:center}.gap .p::before,.gap .p::after,.note .p::before,"
    ".note .p::after{display:none}.gap{background:repeating-linear-gradient(135deg,transparent 0 6px,var(--soft) 6px "
    "12px)}\n"
    ".fault.r{background:var(--faultbg)}.fault .p,.fault .m{color:var(--fault)}.fault .m::before{content:'\\26A0  '}\n"
    ".r:target{outline:2px solid var(--fault);outline-offset:-2px}\n"
    ".head{position:sticky;top:0;z-index:1;background:var(--bg);border-bottom:1px solid var(--line);color:var(--dim);"
    "content-visibility:visible}\n"
    ".head .p{justify-content:space-between;border-color:transparent;padding:.15rem 0}.head .p::before,.head "
    ".p::after{display:none}.head b{font-weight:normal;display:flex}.head "
    "i{width:18px;text-align:center;font-size:12px;"
    "font-style:normal}\n"
    ".l,.head b{margin:0 .5rem}\n";

/* --- pieces ------------------------------------------------------------------------------------------------------- */

/* Bytes from outside: first as a transcript writes them, then as text of HTML, also within an attribute. */
static void put_text(FILE *out, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char piece[5];
        usk_atlog_escape(piece, sizeof(piece), bytes + i, 1);
        switch (piece[0]) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputs(piece, out);
        }
    }
}

static void put_words(FILE *out, const char *words)
{
    put_text(out, words, strlen(words));
}

static void put_seconds(FILE *out, uint64_t ms)
{
    fprintf(out, "%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
}

/* Which ids have a lane, and where it is. */
struct lanes {
    int count;
    int of[READING_IDS]; /* -1: none */
    int id[READING_IDS];
};

static struct lanes find_lanes(const struct story *story)
{
    struct lanes lanes = {0};
    bool used[READING_IDS] = {false};
    for (size_t i = 0; i < story->life_count; i++) {
        used[story->lives[i].id] = true;
    }
    for (int id = 0; id < READING_IDS; id++) {
        lanes.of[id] = used[id] ? lanes.count : -1;
        if (used[id]) {
            lanes.id[lanes.count++] = id;
        }
    }
    return lanes;
}

/* --- head --------------------------------------------------------------------------------------------------------- */

/* What depends on the lanes: their width, a colour for each state on each, a filter for each. */
static void put_lane_style(FILE *out, const struct lanes *lanes)
{
    fprintf(out, "main{--lanes:%d}\n", lanes->count);
    for (int lane = 0; lane < lanes->count; lane++) {
        int id = lanes->id[lane];
        for (int state = 0; state < STORY_STATES; state++) {
            fprintf(out, ".%s%d{--%d:var(--%s)}", state_classes[state], id, id, state_classes[state]);
        }
        fprintf(out, ".lost%d{--%d:var(--lost)}\n", id, id);
        fprintf(out, "#c%d:target~main .r:not(.c%d,.head){display:none}", id, id);
        fprintf(out, "#c%d:target~section a[href='#c%d']{background:var(--line)}\n", id, id);
    }
    fputs("#faults:target~main .r:not(.fault,.head){display:none}"
          "#faults:target~section a[href='#faults']{background:var(--line)}\n",
          out);
    for (int lane = 0; lane < lanes->count; lane++) {
        fprintf(out, "%slinear-gradient(var(--%d,transparent) 0 0) %dpx 0/10px 100%% no-repeat%s",
                lane == 0 ? ".l{background:" : ",", lanes->id[lane], lane * LANE + 4,
                lane + 1 == lanes->count ? "}\n" : "");
    }
}

static void put_head(FILE *out, const struct lanes *lanes, const char *title)
{
    fputs("<!doctype html>\n<html lang=en><meta charset=utf-8>\n"
          "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
          "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n<title>",
          out);
    put_words(out, title);
    fprintf(out, "</title>\n<style>\n%s", style);
    put_lane_style(out, lanes);
    fputs("</style>\n<header><h1>", out);
    put_words(out, title);
    fputs("</h1>\n", out);
}

static void put_count(FILE *out, size_t count, const char *of)
{
    fprintf(out, " &middot; %zu %s%s", count, of, count == 1 ? "" : "s");
}

static void put_summary(FILE *out, const struct story *story)
{
    uint64_t bytes[2] = {0, 0};
    size_t counts[STORY_STRAY + 1] = {0};
    for (size_t i = 0; i < story->count; i++) {
        const struct story_item *item = &story->items[i];
        counts[item->kind]++;
        if (item->kind == STORY_PAYLOAD) {
            bytes[item->from_host] += item->len;
        }
    }
    fputs("<p class=dim>", out);
    put_seconds(out, story->end_ms);
    fputs(" s", out);
    put_count(out, counts[STORY_COMMAND], "command");
    put_count(out, counts[STORY_URC], "event");
    put_count(out, story->life_count, "connection");
    fprintf(out, " &middot; %" PRIu64 " bytes sent &middot; %" PRIu64 " bytes received", bytes[1], bytes[0]);
    put_count(out, story->faults, "fault");
    fputs("</p></header>\n", out);
}

/* --- overview ----------------------------------------------------------------------------------------------------- */

/* Where an item is, of WIDTH; without times each item takes the same. */
static double place(const struct story *story, size_t item)
{
    if (story->end_ms > 0) {
        return (double)story->items[item].at_ms * WIDTH / (double)story->end_ms;
    }
    return (double)item * WIDTH / (double)story->count;
}

static void put_life_bars(FILE *out, const struct story *story, const struct story_life *life, int y)
{
    for (int state = 0; state < STORY_CLOSED; state++) {
        if (life->item[state] == STORY_NONE) {
            continue;
        }
        int next = state + 1;
        while (next < STORY_STATES && life->item[next] == STORY_NONE) {
            next++;
        }
        double from = place(story, life->item[state]);
        double to = next < STORY_STATES ? place(story, life->item[next]) : WIDTH;
        bool lost = life->failed && next == STORY_CLOSED && state == STORY_OPENING;
        fprintf(out, "<rect class=%s x=%.1f y=%d width=%.1f height=10 />", lost ? "lost" : state_classes[state], from,
                y, to - from > 1 ? to - from : 1);
    }
    if (life->failed && life->item[STORY_CLOSED] != STORY_NONE) {
        fprintf(out, "<rect class=lost x=%.1f y=%d width=3 height=10 />", place(story, life->item[STORY_CLOSED]), y);
    }
}

static size_t bin_of(const struct story *story, size_t item)
{
    size_t bin = (size_t)(place(story, item) * BINS / WIDTH);
    return bin < BINS ? bin : BINS - 1;
}

/* Bytes sent above the axis, received below it, each bar a part of the time. */
static void put_volumes(FILE *out, const struct story *story, int y)
{
    uint64_t bytes[BINS][2] = {{0}}, most = 1;
    for (size_t i = 0; i < story->count; i++) {
        const struct story_item *item = &story->items[i];
        if (item->kind == STORY_PAYLOAD) {
            uint64_t *bin = &bytes[bin_of(story, i)][item->from_host];
            *bin += item->len;
            most = *bin > most ? *bin : most;
        }
    }
    for (size_t i = 0; i < BINS; i++) {
        for (int sent = 0; sent < 2; sent++) {
            double height = 26.0 * (double)bytes[i][sent] / (double)most;
            if (height > 0) {
                height = height < 1 ? 1 : height;
                fprintf(out, "<rect class=%s x=%zu y=%.1f width=4 height=%.1f />", sent ? "out" : "in",
                        i * WIDTH / BINS, sent ? y - height : y + 1.0, height);
            }
        }
    }
}

static void put_ticks(FILE *out, const struct story *story, int bottom)
{
    int last = -1;
    for (size_t i = 0; i < story->count; i++) {
        int x = (int)place(story, i);
        if (story->items[i].fault && x != last) {
            fprintf(out, "<line class=tick x1=%d x2=%d y1=0 y2=%d stroke-opacity=.5 />", x, x, bottom);
            last = x;
        }
    }
}

static void put_overview(FILE *out, const struct story *story, const struct lanes *lanes)
{
    int axis = 34, bottom = axis + 34 + LANE * lanes->count;
    fprintf(out,
            "<section><h2>Overview</h2>\n<svg viewBox=\"-90 -4 %d %d\" role=img aria-label=\"bytes and connections "
            "over time\">",
            WIDTH + 110, bottom + 26);
    fprintf(out,
            "<text x=-84 y=%d>bytes sent</text><text x=-84 y=%d>bytes received</text>"
            "<line class=axis x1=0 x2=%d y1=%d y2=%d />",
            axis - 8, axis + 16, WIDTH, axis, axis);
    put_ticks(out, story, bottom);
    put_volumes(out, story, axis);
    for (int lane = 0; lane < lanes->count; lane++) {
        fprintf(out, "<text x=-84 y=%d>connection %d</text>", axis + 45 + lane * LANE, lanes->id[lane]);
    }
    for (size_t i = 0; i < story->life_count; i++) {
        const struct story_life *life = &story->lives[i];
        put_life_bars(out, story, life, axis + 36 + lanes->of[life->id] * LANE);
    }
    fprintf(out, "<text x=0 y=%d>%s</text><text x=%d y=%d text-anchor=end>", bottom + 16,
            story->end_ms > 0 ? "0 s" : "first", WIDTH, bottom + 16);
    if (story->end_ms > 0) {
        put_seconds(out, story->end_ms);
        fputs(" s", out);
    } else {
        fprintf(out, "last of %zu; there are no times", story->count);
    }
    fputs("</text></svg>\n<p class=\"dim key\">", out);
    static const char *const keys[] = {"opening", "open", "closing", "lost", "fault"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        fprintf(out, "<i style=\"background:var(--%s)%s\"></i>%s", keys[i], i == 4 ? ";width:1px" : "",
                i == 3 ? "failed or lost" : keys[i]);
    }
    fputs("</p></section>\n", out);
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

/* A long list is not to stand before the diagram: it is opened by a click. */
static void open_list(FILE *out, const char *title, size_t count)
{
    fprintf(out, "<section><details%s><summary>%s (%zu)</summary>\n", count <= SHORT_LIST ? " open" : "", title, count);
}

static void put_state_time(FILE *out, const struct story *story, const struct story_life *life, enum story_state state)
{
    fputs("<td class=n>", out);
    if (life->item[state] != STORY_NONE) {
        put_seconds(out, story->items[life->item[state]].at_ms);
    }
}

static void put_lives(FILE *out, const struct story *story)
{
    if (story->life_count == 0) {
        return;
    }
    open_list(out, "Connections", story->life_count);
    fputs("<table><tr><th>id<th>connection<th class=n>opening at<th class=n>open at"
          "<th class=n>closing at<th class=n>closed at<th class=n>sent<th class=n>received<th>end\n",
          out);
    for (size_t i = 0; i < story->life_count; i++) {
        const struct story_life *life = &story->lives[i];
        bool ended = life->item[STORY_CLOSED] != STORY_NONE;
        fprintf(out, "<tr><td><a href=#c%d>%d</a><td>", life->id, life->id);
        put_words(out, story->words.at + life->name);
        for (int state = 0; state < STORY_STATES; state++) {
            put_state_time(out, story, life, (enum story_state)state);
        }
        fprintf(out, "<td class=n>%" PRIu64 "<td class=n>%" PRIu64 "<td%s>%s\n", life->out, life->in,
                life->failed ? " class=lost" : "",
                life->failed ? "failed or lost"
                : ended      ? "closed"
                             : "still there");
    }
    fputs("</table></details></section>\n", out);
}

static void put_faults(FILE *out, const struct story *story)
{
    size_t listed = 0;
    if (story->faults == 0) {
        return;
    }
    open_list(out, "Faults", story->faults);
    fputs("<ul class=faults>\n", out);
    for (size_t i = 0; i < story->count && listed < MAX_FAULTS; i++) {
        const struct story_item *item = &story->items[i];
        if (!item->fault) {
            continue;
        }
        listed++;
        fprintf(out, "<li><a href=#i%zu>", i);
        put_seconds(out, item->at_ms);
        fputs("</a> ", out);
        const struct story_item *command = item->command != STORY_NONE ? &story->items[item->command] : item;
        fputs("<code>", out);
        put_text(out, story_text(story, command), command->len < SHOWN ? command->len : SHOWN);
        fputs("</code> ", out);
        put_words(out, story_words(story, item));
        fputc('\n', out);
    }
    if (listed < story->faults) {
        fprintf(out, "<li><a href=#faults>and %zu more</a>\n", story->faults - listed);
    }
    fputs("</ul></details></section>\n", out);
}

/* --- the sequence diagram ----------------------------------------------------------------------------------------- */

static void put_filters(FILE *out, const struct story *story, const struct lanes *lanes)
{
    fputs("<nav>show <a href=#all>all</a>", out);
    for (int lane = 0; lane < lanes->count; lane++) {
        fprintf(out, "<a href=#c%d>connection %d</a>", lanes->id[lane], lanes->id[lane]);
    }
    if (story->faults > 0) {
        fprintf(out, "<a class=fault href=#faults>faults (%zu)</a>", story->faults);
    }
    fputs("</nav>\n", out);
}

struct row_state {
    size_t change;          /* the next one */
    int now[READING_IDS];   /* the state of each id, or -1 */
    bool lost[READING_IDS]; /* it is in its last row, and failed */
};

/* Takes in what the item changes; returns which ids it touches, as bits. */
static unsigned enter_row(struct row_state *rows, const struct story *story, size_t item)
{
    unsigned touched = 0;
    for (int id = 0; id < READING_IDS; id++) {
        rows->now[id] = rows->now[id] == STORY_CLOSED ? -1 : rows->now[id];
        rows->lost[id] = false;
    }
    while (rows->change < story->change_count && story->changes[rows->change].item <= item) {
        const struct story_change *change = &story->changes[rows->change++];
        const struct story_life *life = &story->lives[change->life];
        rows->now[life->id] = (int)change->state;
        rows->lost[life->id] = change->state == STORY_CLOSED && life->failed;
        touched |= 1U << life->id;
    }
    return touched;
}

static void put_row_classes(FILE *out, const struct story_item *item, unsigned touched)
{
    static const char *const kinds[] = {"note", "gap", "", "", "", "", " payload", " urc", " stray"};
    bool of_nobody = item->kind == STORY_NOTE || item->kind == STORY_GAP;
    fprintf(out, "<div class=\"r %s%s%s",
            of_nobody         ? ""
            : item->from_host ? "host"
                              : "module",
            kinds[item->kind], item->fault ? " fault" : "");
    if (item->conn >= 0 && item->conn < READING_IDS) {
        touched |= 1U << item->conn;
    }
    for (int id = 0; touched >> id; id++) {
        if (touched >> id & 1) {
            fprintf(out, " c%d", id);
        }
    }
    fputc('"', out);
}

static void put_lanes(FILE *out, const struct row_state *rows)
{
    fputs("<b class=\"l", out);
    for (int id = 0; id < READING_IDS; id++) {
        if (rows->now[id] >= 0) {
            fprintf(out, " %s%d", rows->lost[id] ? "lost" : state_classes[rows->now[id]], id);
        }
    }
    fputs("\"></b>", out);
}

static void put_row_text(FILE *out, const struct story *story, const struct story_item *item)
{
    if (item->kind == STORY_GAP) {
        fprintf(out, "%.1f s of silence", (double)item->took_ms / 1000);
        return;
    }
    if (item->kind == STORY_PAYLOAD) {
        fprintf(out, "[%zu bytes] ", item->len);
    }
    put_text(out, story_text(story, item), item->len < SHOWN ? item->len : SHOWN);
    if (item->len > SHOWN) {
        fputs("&hellip;", out);
    }
}

static void put_row(FILE *out, const struct story *story, size_t i, struct row_state *rows)
{
    const struct story_item *item = &story->items[i];
    put_row_classes(out, item, enter_row(rows, story, i));
    if (item->fault) {
        fprintf(out, " id=i%zu", i);
    }
    fputs("><time>", out);
    put_seconds(out, item->at_ms);
    fputs("</time><span class=p><code>", out);
    put_row_text(out, story, item);
    fputs("</code></span>", out);
    put_lanes(out, rows);
    fputs("<span class=m>", out);
    put_words(out, story_words(story, item));
    if (item->kind == STORY_FINAL && item->command != STORY_NONE && story->items[item->command].took_ms > 0) {
        fputs(" <span class=dim>(", out);
        put_seconds(out, story->items[item->command].took_ms);
        fputs(" s)</span>", out);
    }
    fputs("</span></div>\n", out);
}

static void put_diagram(FILE *out, const struct story *story, const struct lanes *lanes)
{
    struct row_state rows = {0};
    for (int id = 0; id < READING_IDS; id++) {
        rows.now[id] = -1;
    }
    fputs("<i id=all></i>", out);
    for (int lane = 0; lane < lanes->count; lane++) {
        fprintf(out, "<i id=c%d></i>", lanes->id[lane]);
    }
    fputs("<i id=faults></i>\n<section><h2>Sequence</h2>\n", out);
    put_filters(out, story, lanes);
    fputs("</section>\n<main>\n<div class=\"r head\"><time>s</time><span class=p><span>host</span>"
          "<span>module</span></span><b>",
          out);
    for (int lane = 0; lane < lanes->count; lane++) {
        fprintf(out, "<i>%d</i>", lanes->id[lane]);
    }
    fputs("</b><span>meaning</span></div>\n", out);
    for (size_t i = 0; i < story->count; i++) {
        put_row(out, story, i, &rows);
    }
    fputs("</main>\n", out);
}

void trace_html(FILE *out, const struct story *story, const char *path)
{
    const char *title = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const struct lanes lanes = find_lanes(story);
    put_head(out, &lanes, title);
    put_summary(out, story);
    put_overview(out, story, &lanes);
    put_lives(out, story);
    put_faults(out, story);
    put_diagram(out, story, &lanes);
}
