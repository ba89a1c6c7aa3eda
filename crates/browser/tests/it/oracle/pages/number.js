// Gives each element, also in open shadow roots, the number by which the two sides of the test name it.
(() => {
  let last = 0;
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      last += 1;
      element.setAttribute("data-oracle", String(last));
      if (element.shadowRoot) visit(element.shadowRoot);
    }
  };
  visit(document);
})();
