def test_first(client):
    assert client.validate("agent")
