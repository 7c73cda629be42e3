// What the page needs before and beside Gradio: questions in a dialog, and a few marks for assistive technology.
// It knows nothing of documents or models; it never fetches anything.
window.aula = {
  // Resolves to null when the person says no, to what they wrote or chose where there is something, else to ''.
  confirm(button) {
    const {ask, write, ok, cancel, secret, choose} = button.dataset;
    if (!ask) return Promise.resolve('');
    return new Promise(resolve => {
      const dialog = document.createElement('dialog');
      dialog.className = 'aula-dialog';
      const form = document.createElement('form');
      form.method = 'dialog';
      const text = document.createElement(write === undefined && choose === undefined ? 'p' : 'label');
      text.textContent = ask;
      text.id = 'aula-dialog-text';
      form.append(text);
      let field = null;
      if (write !== undefined) {
        field = document.createElement('input');
        field.type = secret === undefined ? 'text' : 'password';
        field.autocomplete = 'off';
        field.value = write;
        field.maxLength = 200;
      } else if (choose !== undefined) {
        field = document.createElement('select');
        const choices = JSON.parse(button.closest('[data-choices]').dataset.choices);
        field.append(...choices.map(([value, shown]) => new Option(shown, value, false, value === choose)));
      }
      if (field) {
        field.id = 'aula-dialog-field';
        text.htmlFor = field.id;
        form.append(field);
      }
      const row = document.createElement('div');
      row.className = 'aula-dialog-row';
      const no = document.createElement('button');
      no.type = 'button';
      no.textContent = cancel;
      no.className = 'aula-button';
      no.addEventListener('click', () => dialog.close(''));
      const yes = document.createElement('button');
      yes.type = 'submit';
      yes.value = 'yes';
      yes.textContent = ok;
      yes.className = 'aula-button primary';
      row.append(no, yes);
      form.append(row);
      dialog.append(form);
      dialog.setAttribute('aria-labelledby', text.id);
      dialog.addEventListener('close', () => {
        const said = dialog.returnValue === 'yes';
        const value = field ? field.value : '';
        if (secret !== undefined) field.value = '';
        dialog.remove();
        resolve(said && (value || secret === undefined) ? value : null);
      });
      document.body.append(dialog);
      dialog.showModal();
      if (field) (field.select ?? field.focus).call(field);
    });
  },

  // Saves each file that comes into `element`; it never had an address.
  saves(element, watch) {
    watch('value', () => {
      const file = element.querySelector('[data-content]');
      if (!file) return;
      const bytes = Uint8Array.from(atob(file.dataset.content), letter => letter.charCodeAt(0));
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([bytes], {type: file.dataset.type}));
      link.download = file.dataset.name;
      link.click();
      file.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    });
  },

  // Shows each article that comes into `element` in a dialog. Its buttons reach Python as those of a list do.
  shows(element, send, watch) {
    let dialog = null;
    let opener = null;
    let closed = false; // what was asked for before it was closed, and comes late, must not open it again
    document.addEventListener('click', event => {
      if (event.target.closest?.('[data-do]') && !dialog) closed = false;
    }, true);
    const press = button => {
      if ('close' in button.dataset) dialog.close();
      if (button.dataset.do) send({do: button.dataset.do, id: button.dataset.id || '', value: ''});
    };
    const keys = event => {
      const step = {ArrowLeft: '[data-step="previous"]', ArrowRight: '[data-step="next"]'}[event.key];
      const button = step && !event.target.closest('pre, [role="region"]') && dialog.querySelector(`${step}:not(:disabled)`);
      if (button) { event.preventDefault(); press(button); }
    };
    const open = () => {
      opener = document.activeElement;
      dialog = document.createElement('dialog');
      dialog.className = 'aula-panel';
      dialog.addEventListener('click', event => {
        const button = event.target.closest('[data-do], [data-close]');
        if (event.target === dialog) dialog.close(); // beside it
        else if (button) press(button);
      });
      dialog.addEventListener('keydown', keys);
      dialog.addEventListener('close', () => {
        dialog.remove();
        dialog = null;
        closed = true;
        const same = other => other.dataset.id === opener.dataset?.id && other.dataset.do === opener.dataset?.do;
        const back = opener.isConnected ? opener : [...document.querySelectorAll('[data-do]')].find(same);
        back?.focus();
      });
      document.body.append(dialog);
      dialog.showModal();
    };
    watch('value', () => {
      const article = element.querySelector('article');
      if (!article || closed) return;
      if (!dialog) open();
      const step = document.activeElement?.dataset?.step;
      article.hidden = false;
      dialog.replaceChildren(article);
      dialog.scrollTop = 0;
      const title = article.querySelector('h2');
      if (title) { title.id = 'aula-panel-title'; dialog.setAttribute('aria-labelledby', title.id); }
      (step && article.querySelector(`[data-step="${step}"]:not(:disabled)`) || article.querySelector('[data-close]'))?.focus();
    });
  },

  // Whether one of the Playground's tabs is in view; where no tab can be seen to be chosen, it may be.
  here(name) {
    const chosen = id => document.querySelector(`${id} > .tab-wrapper [role="tab"][aria-selected="true"]`)?.dataset.tabId;
    return (chosen('#aula-tabs') ?? 'playground') === 'playground' && (chosen('#aula-playground') ?? name) === name;
  },

  // A list that is drawn anew while somebody reads it keeps the focus, and how far its boxes are scrolled.
  steady(element, watch) {
    let focused = null; // {do, id} of the button: one run has several
    const scrolled = new Map();
    element.addEventListener('focusin', event => { focused = {...event.target.closest('[data-do]')?.dataset}; });
    element.addEventListener('focusout', event => { if (event.relatedTarget) focused = null; });
    element.addEventListener('scroll', event => {
      if (event.target.id) scrolled.set(event.target.id, [event.target.scrollLeft, event.target.scrollTop]);
    }, true);
    watch('value', () => requestAnimationFrame(() => {
      for (const [id, [left, top]] of scrolled) element.querySelector(`#${id}`)?.scrollTo(left, top);
      if (!focused?.do || (document.activeElement && document.activeElement !== document.body)) return;
      const same = one => one.dataset.do === focused.do && one.dataset.id === focused.id;
      [...element.querySelectorAll('[data-do]')].find(same)?.focus({preventScroll: true});
    }));
  },
};

// Gradio says a few things to screen readers in English only, whatever the page's language.
(() => {
  const words = window.aulaWords;
  const name = (selector, text, root = document) => root.querySelectorAll(selector).forEach(element => {
    if (element.getAttribute('aria-label') !== text) element.setAttribute('aria-label', text);
    if (element.hasAttribute('title') && element.title !== text) element.title = text;
  });
  const tidy = () => {
    name('#aula-sidebar .toggle-button', words.sidebar);
    name('#aula-chat [role="log"]', words.conversation);
    name('#aula-chat [data-testid="user"]', words.question);
    name('#aula-chat [data-testid="bot"]', words.answer);
    name('#aula-chat button[aria-label="Copy message"]', words.copy);
    name('#aula-chat button[aria-label="Copied message"]', words.copied);
    name('#aula-chat .copy_code_button', words.copy);
    name('.aula-languages', words.language);
    name('#aula-tabs .overflow-menu > button', words.more);
    name('.reset-button', words.reset);
    document.querySelectorAll('.aula-languages a').forEach(link => {
      if (document.documentElement.lang.startsWith(link.hreflang)) link.setAttribute('aria-current', 'true');
    });
  };

  // The page follows an answer that grows, until the reader scrolls away from its end.
  let follow = true;
  const parts = () => [document.querySelector('#aula-chat'), document.querySelector('#aula-ask')];
  const beyond = () => {
    const [chat, ask] = parts();
    return chat && ask ? chat.getBoundingClientRect().bottom - (window.innerHeight - ask.offsetHeight) : 0;
  };
  window.addEventListener('scroll', () => { follow = beyond() < 80; }, {passive: true});
  const keep = () => {
    const [chat] = parts();
    if (follow && chat && chat.offsetParent && beyond() > 0) window.scrollBy(0, beyond());
  };

  // On a narrow screen the conversations cover the page: folded at first, and again once one was chosen.
  const narrow = () => window.matchMedia('(max-width: 48rem)').matches;
  const fold = () => document.querySelector('#aula-sidebar.open .toggle-button')?.click();
  const settle = () => {
    const sidebar = document.querySelector('#aula-sidebar:not(.aula-settled)');
    if (!sidebar) return;
    if (narrow()) fold();
    sidebar.classList.add('aula-settled');
  };

  let due = false;
  new MutationObserver(() => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => { due = false; tidy(); settle(); keep(); });
  }).observe(document, {childList: true, subtree: true, characterData: true});

  // Who copies an answer wants its text: the marks of its citations become [1]. Other copies stay as they are.
  const clipboard = navigator.clipboard;
  if (clipboard?.writeText) {
    const write = clipboard.writeText.bind(clipboard);
    const unfound = `<small>${words.unfound}</small>`;
    clipboard.writeText = text => write(!text.includes('<button class="aula-chip"') && !text.includes(unfound) ? text : text
      .replace(/&nbsp;<button class="aula-chip"[^>]*>(\d+)<\/button>/g, ' [$1]')
      .replaceAll(unfound, `[${words.unfound}]`)
      .replace(/<\/?u>/g, '')
      .replaceAll('&lt;', '<'));
  }

  // What a model writes is text: an address in it can be read and copied, not followed by accident.
  const inert = event => { if (event.target.closest?.('#aula-chat .prose a[href]')) event.preventDefault(); };
  for (const kind of ['click', 'auxclick']) document.addEventListener(kind, inert, true);
  document.addEventListener('click', event => {
    if (event.target.closest?.('[data-do="open"], #aula-send')) follow = true;
    if (event.target.closest?.('[data-do="open"], #aula-new') && narrow()) fold();
  }, true);
})();
