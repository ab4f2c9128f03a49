// The script of the page of `orgkeeper report`, put into it as it is. Everything that comes from outside becomes text: nothing here
// makes elements of a text.
(() => {
  const PAGE = 50;
  /** Rows that are printed. */
  const MOST_PRINTED = 1_000;
  /** The link's words of what is chosen; `page` and `runs` are pages of the two lists. */
  const CHOICES = ['q', 'state', 'baseline', 'reason', 'page', 'runs', 'account'];

  const byId = (id) => document.getElementById(id);
  const chosen = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

  /** An element with attributes and content; texts in it stay texts. */
  function element(name, attributes = {}, ...content) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...content);
    return made;
  }

  /** Changes what the link holds, and shows it. An empty value is left out. */
  function choose(changes) {
    const link = new URLSearchParams();
    for (const [key, value] of Object.entries({ ...chosen(), ...changes }))
      if (CHOICES.includes(key) && value) link.set(key, value);
    history.replaceState(null, '', `#${link}`);
    show();
  }

  async function read() {
    const packed = Uint8Array.from(atob(byId('data').textContent), (character) => character.charCodeAt(0));
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Response(unpacked).json();
  }

  let data = { accounts: [], runs: [] };
  let most = PAGE;

  const time = (iso) => (iso ? `${iso.slice(0, 19).replace('T', ' ')}Z` : '–');
  const toneOf = ({ state, ready }) => (ready ? 'good' : state === 'failed' ? 'bad' : '');

  function matches(account, { q = '', state, baseline, reason }) {
    if (state && account.state !== state) return false;
    if (baseline && account.baseline !== baseline) return false;
    if (reason && account.reason !== reason) return false;
    const all = account.search;
    return q
      .toLowerCase()
      .split(/\s+/)
      .every((word) => all.includes(word));
  }

  /** A list with pages, as a table; `key` is its page's word in the link. */
  function paged(place, { label, head, items, row, key, page, filtered = '' }) {
    const pages = Math.max(1, Math.ceil(items.length / most));
    const at = Math.min(Math.max(1, Number.parseInt(page, 10) || 1), pages);
    const first = (at - 1) * most;
    const shown = items.slice(first, first + most);
    const range = `${first + 1} to ${first + shown.length} of ${items.length}`;
    const said = `${items.length === 0 ? 'None' : range}${filtered}${pages > 1 ? `, page ${at} of ${pages}` : ''}`;
    const turn = (text, to, isOver) => {
      const button = element('button', { type: 'button', 'data-focus': `${key} ${text}` }, text);
      button.disabled = isOver;
      button.addEventListener('click', () => choose({ [key]: to > 1 ? String(to) : '' }));
      return button;
    };
    const navigation = element('nav', { class: 'pages', 'aria-label': `Pages: ${label}` });
    if (pages > 1) navigation.append(turn('Previous', at - 1, at === 1), turn('Next', at + 1, at === pages));
    navigation.append(element('p', { role: 'status' }, said));
    const cells = head.map((title) => element('th', { scope: 'col' }, title));
    const table = element(
      'table',
      { 'aria-label': label },
      element('thead', {}, element('tr', {}, ...cells)),
      element('tbody', {}, ...shown.map(row)),
    );
    const region = element(
      'div',
      { class: 'scroll', role: 'region', 'aria-label': label, tabindex: '0' },
      table,
    );
    const focused = document.activeElement?.getAttribute('data-focus');
    place.replaceChildren(navigation, ...(items.length > 0 ? [region] : []));
    if (!focused?.startsWith(`${key} `)) return;
    // The last page has no next one: then the button back has the focus.
    const [same] = [`[data-focus="${focused}"]:not(:disabled)`, '[data-focus]:not(:disabled)']
      .map((selector) => place.querySelector(selector))
      .filter(Boolean);
    same?.focus();
  }

  function opener(accountId, text = accountId) {
    const button = element('button', { type: 'button', class: 'link', 'aria-haspopup': 'dialog' }, text);
    button.addEventListener('click', () => choose({ account: accountId }));
    return button;
  }

  const cell = (...content) => element('td', {}, ...content);

  function accountRow(account) {
    const { accountId, name, baseline, state, ready, reason, lastResult, lastRun } = account;
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, opener(accountId)),
      cell(name),
      cell(baseline || '–'),
      cell(element('span', { class: toneOf(account) }, state)),
      cell(ready ? 'yes' : 'no'),
      cell(reason || '–'),
      cell(lastResult || '–'),
      element('td', { class: 'time' }, time(lastRun)),
    );
  }

  function runRow(run) {
    return element(
      'tr',
      {},
      element('td', { class: 'time' }, time(run.at)),
      element('th', { scope: 'row' }, opener(run.accountId), ` ${run.name}`),
      cell(element('span', { class: run.result === 'failed' ? 'bad' : '' }, run.result)),
      cell(run.cause),
      cell(differenceList(run.differences, run.left, false)),
    );
  }

  const SIGNS = { created: '+', updated: '~', removed: '-', reported: '!' };

  function differenceList(differences, left, isLong) {
    const items = differences.map(({ kind, region, resource, path, action, desired, actual }) => {
      const where = `${kind}${region ? ` (${region})` : ''} ${resource}${path ? ` ${path}` : ''}`;
      const item = element(
        'li',
        {},
        element('span', { 'aria-hidden': 'true' }, `${SIGNS[action]} `),
        `${where}: ${action}`,
      );
      if (isLong) {
        if (actual !== undefined) item.append(element('div', { class: 'value' }, `was ${actual}`));
        if (desired !== undefined) item.append(element('div', { class: 'value' }, `desired ${desired}`));
      }
      return item;
    });
    if (left > 0) items.push(element('li', {}, `and ${left} more`));
    return items.length > 0 ? element('ul', { class: 'diff' }, ...items) : '–';
  }

  function facts(pairs) {
    const items = pairs.flatMap(([name, value]) => [
      element('dt', {}, name),
      element('dd', {}, value || '–'),
    ]);
    return element('dl', { class: 'facts' }, ...items);
  }

  function details(account) {
    const { accountId, email, state, ready, baseline, mode, organizationalUnit, lastRun, lastResult } =
      account;
    const parts = [
      facts([
        ['State', `${state}, ${ready ? 'ready' : 'not ready'}`],
        ['Baseline', baseline],
        ['Mode', mode],
        ['Email', email],
        ['Organizational unit', organizationalUnit],
        ['Last run', lastRun ? `${time(lastRun)}, ${lastResult}` : ''],
        ['On the command line', `orgkeeper account ${accountId}`],
      ]),
    ];
    if (account.conditions.length > 0) {
      parts.push(element('h3', {}, 'What is not met'));
      for (const { type, reason, message, changedAt } of account.conditions)
        parts.push(
          element(
            'p',
            {},
            element('strong', {}, `${type} ${reason}`),
            ` since ${time(changedAt)}: ${message}`,
          ),
        );
    }
    if (account.differences.length > 0 || account.left > 0)
      parts.push(
        element('h3', {}, 'Differences of the last run'),
        differenceList(account.differences, account.left, true),
      );
    const own = data.runs.filter((run) => run.accountId === accountId);
    if (own.length > 0) parts.push(element('h3', {}, 'Found and corrected in this time'));
    for (const run of own.slice(0, 20))
      parts.push(
        element('p', {}, element('strong', {}, `${time(run.at)} ${run.result}`), `, ${run.cause}`),
        differenceList(run.differences, run.left, false),
      );
    byId('d-title').textContent = `${accountId} ${account.name}`;
    byId('d-body').replaceChildren(...parts);
  }

  /** Shows what the link says. */
  function show() {
    const choice = chosen();
    const form = byId('filters');
    for (const name of ['q', 'state', 'baseline', 'reason']) {
      const field = form.elements[name];
      if (field !== document.activeElement || name !== 'q') field.value = choice[name] ?? '';
    }
    const filters = ['q', 'state', 'baseline', 'reason'].filter((name) => choice[name]);
    const said = filters.map((name) => `${name === 'q' ? 'search' : name} ${choice[name]}`).join(', ');
    paged(byId('list'), {
      label: 'Accounts',
      head: ['Account', 'Name', 'Baseline', 'State', 'Ready', 'Reason', 'Last result', 'Last run'],
      items: data.accounts.filter((account) => matches(account, choice)),
      row: accountRow,
      key: 'page',
      page: choice.page,
      filtered: said && ` with ${said}, of ${data.accounts.length} accounts`,
    });
    paged(byId('runs'), {
      label: 'Runs that changed or found something',
      head: ['When', 'Account', 'Result', 'Cause', 'What'],
      items: data.runs,
      row: runRow,
      key: 'runs',
      page: choice.runs,
    });
    const dialog = byId('details');
    const account = data.accounts.find(({ accountId }) => accountId === choice.account);
    if (account) details(account);
    if (account && !dialog.open) dialog.showModal();
    if (!account && dialog.open) dialog.close();
  }

  function fill(select, values, all) {
    const options = [...new Set(values.filter(Boolean))].sort();
    select.append(element('option', { value: '' }, all));
    select.append(...options.map((value) => element('option', { value }, value)));
  }

  function start() {
    for (const account of data.accounts) {
      const { accountId, name, email, organizationalUnit, reason, state, baseline } = account;
      const conditions = account.conditions.map(({ type, reason }) => `${type} ${reason}`);
      account.search = [accountId, name, email, organizationalUnit, reason, state, baseline, ...conditions]
        .join(' ')
        .toLowerCase();
    }
    const form = byId('filters');
    const all = (key) => data.accounts.map((account) => account[key]);
    fill(form.elements.state, all('state'), 'every state');
    fill(form.elements.baseline, all('baseline'), 'every baseline');
    fill(form.elements.reason, all('reason'), 'every reason');
    form.hidden = false;
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('input', ({ target }) => choose({ [target.name]: target.value, page: '' }));
    form.addEventListener('reset', () => choose({ q: '', state: '', baseline: '', reason: '', page: '' }));
    byId('details').addEventListener('close', () => {
      if (chosen().account) choose({ account: '' });
    });
    addEventListener('hashchange', () => {
      // A link to a place of the page, as that to the accounts, chooses nothing.
      if (location.hash.length > 1 && !location.hash.includes('=')) return;
      show();
      if (!chosen().account) byId('accounts').focus();
    });
    addEventListener('beforeprint', () => {
      most = MOST_PRINTED;
      show();
    });
    addEventListener('afterprint', () => {
      most = PAGE;
      show();
    });
    show();
  }

  read().then(
    (found) => {
      data = found;
      start();
      document.documentElement.dataset.ready = 'true';
    },
    (error) => {
      const broken = byId('broken');
      broken.textContent = `This browser cannot read the list of accounts (${error}): use a newer one.`;
      broken.hidden = false;
    },
  );
})();
