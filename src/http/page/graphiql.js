// Starts GraphiQL. What is typed, tokens and passwords among it, stays in this tab and ends with it.
"use strict";

const welcome = `# Custodian
#
# 1. Sign in: fill in "Variables" below,
#    run this, and copy accessToken.
# 2. Write into "Headers", also below:
#    {"Authorization": "Bearer …"}
#    with the token in place of the dots.
# 3. Press the arrows at the lower left to
#    fetch the schema, and explore.

mutation SignIn(
  $username: String!
  $password: String!
) {
  login(
    username: $username
    password: $password
  ) {
    accessToken
    expiresIn
  }
}
`;

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "/graphql", enableIncrementalDelivery: false }),
    defaultQuery: welcome,
    variables: '{\n  "username": "",\n  "password": ""\n}',
    defaultEditorToolsVisibility: "variables",
    shouldPersistHeaders: false,
    storage: window.sessionStorage,
  }),
);
